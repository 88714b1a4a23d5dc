//! Guards that came and went, and changes that look like one and are none.

use super::super::super::testing::{added, deleted, modified};
use super::super::tests::found;
use super::*;

#[test]
fn what_no_longer_asks_and_what_newly_asks() {
    for (path, with, without, subject, what) in [
        (
            "a.py",
            "@login_required\ndef bills(request):\n    pass\n",
            "def bills(request):\n    pass\n",
            "bills",
            "login",
        ),
        (
            "a.rb",
            "class BillsController\n  before_action :authenticate_user!\nend\n",
            "class BillsController\nend\n",
            "BillsController",
            "login",
        ),
        (
            "A.cs",
            "class Bills {\n  [Authorize]\n  public IActionResult Index() {\n",
            "class Bills {\n  public IActionResult Index() {\n",
            "Bills.Index",
            "permission",
        ),
        (
            "A.java",
            "class Bills {\n  @PreAuthorize(\"hasRole('A')\")\n  public String list() {\n",
            "class Bills {\n  public String list() {\n",
            "Bills.list",
            "permission",
        ),
        (
            "a.ts",
            "router.get('/bills', requireAuth, list);\n",
            "router.get('/bills', list);\n",
            "GET /bills",
            "login",
        ),
    ] {
        let removed = format!("access.{what}_removed {subject} loosened");
        assert_eq!(found(vec![modified(path, Role::Source, with, without)]), [removed], "{path}");
        let asked = format!("access.{what}_added {subject} tightened");
        assert_eq!(found(vec![modified(path, Role::Source, without, with)]), [asked], "{path}");
        // what goes with its guard, comes with it, or moves, is no change of access
        assert!(found(vec![modified(path, Role::Source, with, "x\n")]).is_empty(), "{path}");
        assert!(found(vec![added(path, Role::Source, with)]).is_empty(), "{path}");
        assert!(
            found(vec![deleted(path, Role::Source, with), added(&format!("b/{path}"), Role::Source, with)])
                .is_empty(),
            "{path}"
        );
        assert!(found(vec![modified(path, Role::Test, with, without)]).is_empty(), "{path}");
    }
}

#[test]
fn what_opens_and_what_changes() {
    let open = "class Bills(APIView):\n    permission_classes = [AllowAny]\n";
    let closed = "class Bills(APIView):\n    permission_classes = [IsAuthenticated]\n";
    let rules = found(vec![modified("a.py", Role::Source, closed, open)]);
    assert!(rules.iter().any(|rule| rule.starts_with("access.permission_removed")), "{rules:?}");
    let admin = "class A\n  before_action :require_admin\nend\n";
    let user = "class A\n  before_action :authenticate_user!\nend\n";
    assert_eq!(found(vec![modified("a.rb", Role::Source, admin, user)]), ["access.guard_changed A changed"]);
}

#[test]
fn a_check_in_the_code_asks_as_before() {
    let before = "class A:\n    pass\n\n@login_required\ndef status(request):\n    pass\n";
    let after = "class A:\n    pass\n\ndef status(request):\n    if not request.user.is_authenticated:\n        return no()\n";
    assert!(found(vec![modified("a.py", Role::Source, before, after)]).is_empty());
    let open = "class A:\n    pass\n\ndef status(request):\n    pass\n";
    assert_eq!(
        found(vec![modified("a.py", Role::Source, before, open)]),
        ["access.login_removed status loosened"]
    );
}

#[test]
fn a_guard_that_moves_up_and_a_new_open_page_lose_nothing() {
    let before =
        |name: &str| format!("class {name}\n  before_action :authenticate_user!\n  def index\n  end\nend\n");
    let after = |name: &str| format!("class {name}\n  def index\n  end\nend\n");
    let base = "class ApplicationController\n  before_action :authenticate_user!\nend\n";
    let up = vec![
        modified("a.rb", Role::Source, &before("Bills"), &after("Bills")),
        modified("application_controller.rb", Role::Source, "class ApplicationController\nend\n", base),
    ];
    assert_eq!(found(up), ["access.login_added ApplicationController tightened"]);
    let page = "class Pages\n  skip_before_action :authenticate_user!, only: %i[early]\n  def index\n  end\n  def early\n  end\nend\n";
    let new_page = vec![modified("p.rb", Role::Source, &after("Pages"), page)];
    assert!(found(new_page).is_empty());
    let opened = page.replace("%i[early]", "%i[index]");
    let opened = vec![modified("p.rb", Role::Source, &after("Pages"), &opened)];
    assert_eq!(found(opened), ["access.login_removed Pages loosened"]);
}

proptest::proptest! {
    #[test]
    fn never_panics(text in "(?s)[ -~\n@\\[é]{0,300}", path in "a\\.(py|rb|ts|cs|java|exs)") {
        let mut side = Side::default();
        read(&RepoPath::new(path), Some(&text), Evidence::after, &mut side);
    }
}

#[test]
fn actions_that_go_with_their_guard_lose_nothing() {
    let all = "class Tags\n  before_action :require_logged_in_admin, except: [:index]\n  def index\n  end\n  def edit\n  end\nend\n";
    let left = "class Tags\n  def index\n  end\nend\n";
    assert!(found(vec![modified("a.rb", Role::Source, all, left)]).is_empty());
    let open = all.replace("  before_action :require_logged_in_admin, except: [:index]\n", "");
    let rules = found(vec![modified("a.rb", Role::Source, all, &open)]);
    assert_eq!(rules, ["access.permission_removed Tags loosened"]);
}

#[test]
fn marks_of_one_method_may_be_long_and_of_ones_own() {
    let method = |marks: &str| {
        format!(
            "@Controller('/a')\nexport class Mail {{\n  @Get('/x')\n{marks}  @Described({{\n    text: `Send (one) mail, see the class below.\n      more`,\n    a: 1,\n    b: 2,\n    c: 3,\n    d: 4,\n    e: 5,\n    f: 6,\n  }})\n  async send(\n    @Body() body: B\n  ): Promise<void> {{\n  }}\n}}\n"
        )
    };
    let run = |before: &str, after: &str| {
        found(vec![modified("a.ts", Role::Source, &method(before), &method(after))])
    };
    let guard = "  @UseGuards(UserAuthGuard)\n";
    assert_eq!(run(guard, ""), ["access.login_removed Mail.send loosened"]);
    assert!(run(guard, "  @UserAuthentication()\n").is_empty());
    assert!(run(guard, &format!("  @Long({{\n    a: 1,\n  }})\n{guard}")).is_empty());
    let roles = "  @Roles(Role.ADMIN)\n";
    assert_eq!(run(roles, ""), ["access.permission_removed Mail.send loosened"]);
    assert!(run("", "  @ApiBearerAuth()\n  @Author()\n").is_empty());
}

#[test]
fn guards_that_move_within_a_class_or_out_of_its_code() {
    let class = |above: &str, on: &str, body: &str| {
        format!(
            "{above}\npublic class Keys : Controller\n{{\n    {on}\n    public IActionResult List()\n    {{\n{body}    }}\n}}\n"
        )
    };
    let run = |before: String, after: String| found(vec![modified("A.cs", Role::Source, &before, &after)]);
    let mark = "[Authorize(\"App\")]";
    let down = run(class(mark, "", ""), class("", mark, ""));
    assert_eq!(down, ["access.guard_changed Keys changed"]);
    assert!(run(class("", mark, ""), class(mark, "", "")).iter().all(|rule| !rule.contains("removed")));
    // a mark of its own beside that of the class asks for more
    assert_eq!(
        run(class(mark, "", ""), class(mark, mark, "")),
        ["access.permission_added Keys.List tightened"]
    );
    assert_eq!(
        run(class(mark, mark, ""), class(mark, "", "")),
        ["access.permission_removed Keys.List loosened"]
    );
    let check = "        if (!mayList()) { throw new NotFoundException(); }\n";
    assert!(run(class("", "", check), class("", mark, "")).is_empty());
    // a second method of a name is a new one, and what stays open beside new guards was open before
    let second = class("", "", "") + "public class Other\n{\n";
    let more = second.replace("public class Other\n{\n", "").replace(
        "}\n}\n",
        &format!("}}\n    {mark}\n    public IActionResult List(int a)\n    {{\n    }}\n}}\n"),
    );
    assert!(run(second, more).is_empty());
    let open = vec![
        modified("A.cs", Role::Source, &class("", "", ""), &class("[AllowAnonymous]", "", "")),
        modified(
            "B.cs",
            Role::Source,
            &class("", "", "").replace("Keys", "Mails"),
            &class(mark, "", "").replace("Keys", "Mails"),
        ),
    ];
    assert_eq!(found(open), ["access.permission_added Mails tightened"]);
}

#[test]
fn a_method_with_its_parameters_below_it_is_guarded_and_not_the_next() {
    let resolver = |guard: &str, more: &str| {
        format!(
            "class Teams {{\n  @Query(() => Team)\n{guard}  team(\n    @Args({{ name: 'id' }})\n    id: string,\n  ) {{\n    return 1;\n  }}\n{more}\n  @Mutation(() => Team)\n  async create(\n    name: string,\n  ) {{\n  }}\n}}\n"
        )
    };
    let run = |before: &str, after: &str| found(vec![modified("a.ts", Role::Source, before, after)]);
    let guard = "  @RequiresTeamRole(\n    Role.VIEWER,\n  )\n";
    let other =
        "  @UseGuards(AuthGuard)\n  async teamsOfUser(\n    @Args({ name: 'id' })\n    id: string,\n  ) {}\n";
    assert!(run(&resolver(guard, ""), &resolver(guard, other)).is_empty());
    assert_eq!(
        run(&resolver(guard, ""), &resolver("", "")),
        ["access.permission_removed Teams.team loosened"]
    );
    let lost = "class A {\n  @Roles(Role.ADMIN)\n  abstract readonly field = 1;\n  async list() {\n  }\n}\n";
    let bare = lost.replace("  @Roles(Role.ADMIN)\n", "");
    assert!(run(lost, &bare).is_empty(), "a field is no method, and the next method was never guarded");
}
