//! Addresses in code, read framework by framework.

use super::*;

#[track_caller]
fn check(path: &str, text: &str, expected: &[&str]) {
    let found = read(&RepoPath::new(path), text);
    let said: Vec<String> = found.iter().map(|route| format!("{} {}", route.method, route.path)).collect();
    assert_eq!(said, expected, "{path}\n{text}");
}

#[test]
fn marks_on_functions() {
    check(
        "a.py",
        "router = APIRouter(tags=['a'], prefix=\"/items\")\n@router.get(\"/{id}\")\ndef f(): ...\n@router.post(\"\")\ndef g(): ...\n",
        &["GET /items/{id}", "POST /items"],
    );
    check(
        "a.py",
        "bp = Blueprint('a', __name__, url_prefix='/a')\n@bp.route('/b', methods=['GET', 'POST'])\ndef f(): ...\n@mock.patch('a.b')\n@cache.get('x')\ndef g(): ...\n",
        &["GET /a/b", "POST /a/b"],
    );
    check(
        "a.ts",
        "@Controller('v1/orders')\nclass A {\n  @Get(':id')\n  a(@Param('id') id) {}\n  @Post()\n  b() {}\n  @Put(PATH) c() {}\n}",
        &["GET /v1/orders/:id", "POST /v1/orders"],
    );
    check("a.ts", "class A { @Get('x') a() {} }", &[]);
    check(
        "A.java",
        "@RestController\n@RequestMapping(\"/api/a\")\npublic class A {\n @GetMapping(value = \"/{id}\", produces = \"x/y\") void f(@PathVariable(\"id\") int i) {}\n @PostMapping void g() {}\n @RequestMapping(path = {\"/b\", \"/c\"}, method = RequestMethod.PUT)\n void h() {}\n @DeleteMapping(PATH) void i() {}\n}",
        &["GET /api/a/{id}", "POST /api/a", "PUT /api/a/b", "PUT /api/a/c"],
    );
    check(
        "A.java",
        "@Path(\"/v1/a\")\npublic class A {\n @GET\n @Path(\"{id}\")\n public B f() {}\n @DELETE public B g() {}\n}",
        &["GET /v1/a/{id}", "DELETE /v1/a"],
    );
    check(
        "A.java",
        "@RestController @RequestMapping(Paths.BASE) class A { @GetMapping(\"/a\") B f() {} }",
        &["GET /…/a"],
    );
    check(
        "A.cs",
        "public class A : BaseApiController { [HttpGet(\"b\")] public C F() {} [HttpGet(\"/d\")] public C G() {} }",
        &["GET /…/b", "GET /d"],
    );
    check("A.java", "@FeignClient(\"b\") interface A { @GetMapping(\"/a\") B f(); }", &[]);
    check("A.java", "interface A { @GET(\"/a\") Call<B> f(); }", &[]);
    check(
        "A.cs",
        "[ApiController]\n[Route(\"api/[controller]\")]\npublic class OrdersController : Base {\n [HttpGet(\"{id}\")]\n public A F(int[] a) { var b = a[0]; }\n [HttpPost]\n public A G() {}\n [HttpPut(\"~/x\")] public A H() {}\n}",
        &["GET /api/orders/{id}", "POST /api/orders", "PUT /x"],
    );
    check(
        "a.rs",
        "#[get(\"/a/{id}\")]\nasync fn f<'a>(x: &'a str) {}\n#[derive(A)] struct B;\n#[utoipa::path(delete, path = \"/b/{id}\", responses((status = 200, description = \"get\")))]\nasync fn g() {}",
        &["GET /a/{id}", "DELETE /b/{id}"],
    );
}

#[test]
fn calls_on_a_router() {
    check(
        "a.js",
        "this.api.post('/g', data);\nrouter.post(`/h/${id}`, f);\napp.use('/api', router);\nrouter.get('/a/:id', auth, (req, res) => { cache.get('/b', f) });\nrouter.route('/c').get(f).post(g);\napi.get('/d', { params });\naxios.get('/e', f);\nclient.get('/f', f);\napp.get('name');\nmap.get('/x', y);",
        &["GET /api/a/:id", "GET /api/c", "POST /api/c"],
    );
    check(
        "a.ts",
        "const a = await api.post('/a', data);\nreturn api.post('/b', data);\nb = () => api.post('/c', data);\napi.post('/d', f);",
        &["POST /d"],
    );
    check("a.ts", "fastify.get('/a', { schema }, async () => 1)", &["GET /a"]);
    check(
        "a.go",
        "v1 := r.Group(\"/v1\")\nv1.GET(\"/a/:id\", f)\norders := v1.Group(\"/orders\")\norders.GET(\"\", f)\nmux.HandleFunc(\"POST /b\", g)\nrouter.HandleFunc(\"/c\", h).Methods(\"GET\", http.MethodPut)\nr.Route(\"/d\", func(r chi.Router) {\n  r.Get(\"/{e}\", i)\n})\nr.Get(\"/f\", j)\nclient.Get(\"/g\", k)\nh.Get(\"Accept\")",
        &["GET /v1/a/:id", "GET /v1/orders", "POST /b", "GET /c", "PUT /c", "GET /d/{e}", "GET /f"],
    );
    check(
        "a.rs",
        "Router::new().route(\"/a\", get(f).post(g)).route(\"/b\", axum::routing::delete(h))",
        &["GET /a", "POST /a", "DELETE /b"],
    );
    check(
        "a.rs",
        "Router::new().nest(\"/v1\", Router::new().route(\"/a\", get(f))).route(\"/b\", get(g))",
        &["GET /v1/a", "GET /b"],
    );
    check(
        "a.rs",
        "app.service(scope(\"/a\").route(\"\", get().to(f)).service(web::scope(\"/b\").route(\"/c\", put().to(g)))).route(\"/d\", get().to(h))",
        &["GET /a", "PUT /a/b/c", "GET /d"],
    );
    check(
        "a.cs",
        "var api = app.MapGroup(\"/api\");\napi.MapGet(\"/a/{id}\", F);\napp.MapPost(\"/b\", G);",
        &["GET /api/a/{id}", "POST /b"],
    );
}

#[test]
fn calls_inside_of_calls() {
    check(
        "config/routes.rb",
        "Rails.application.routes.draw do\n  root to: 'a#b'\n  namespace :api do\n    scope '/v1' do\n      resources :orders, only: [:index, :show] do\n        member do\n          post :cancel\n        end\n        get :recent, on: :collection\n        resources :lines, only: :create\n      end\n    end\n  end\n  resource :profile, except: %i[create destroy]\n  get '/about(/:page)(.:format)' => 'pages#about'\n  match 'x', to: 'a#b', via: [:get, :post]\nend\n",
        &[
            "GET /api/v1/orders",
            "GET /api/v1/orders/:id",
            "POST /api/v1/orders/:id/cancel",
            "GET /api/v1/orders/recent",
            "POST /api/v1/orders/:order_id/lines",
            "GET /profile",
            "PATCH /profile",
            "GET /about/:page",
            "GET /about",
            "GET /x",
            "POST /x",
        ],
    );
    check("app/models/a.rb", "get '/a', to: 'b'", &[]);
    check(
        "routes/api.php",
        "<?php\nRoute::middleware('auth')->prefix('v1')->group(function () {\n  Route::get('/a/{id}', [A::class, 'f'])->name('a');\n  Route::apiResource('b', B::class)->only(['index']);\n});\nRoute::match(['get', 'post'], 'c', fn () => 1);",
        &[
            "GET /api/v1/a/{id}",
            "GET /api/v1/b",
            "POST /api/v1/b",
            "GET /api/v1/b/{id}",
            "PATCH /api/v1/b/{id}",
            "DELETE /api/v1/b/{id}",
            "GET /api/c",
            "POST /api/c",
        ],
    );
    check(
        "lib/shop_web/router.ex",
        "defmodule ShopWeb.Router do\n  use ShopWeb, :router\n  scope \"/api\", ShopWeb do\n    pipe_through :api\n    resources \"/orders\", OrderController, only: [:index, :delete]\n    get \"/me\", MeController, :show\n  end\nend\n",
        &["GET /api/orders", "DELETE /api/orders/:id", "GET /api/me"],
    );
    check(
        "shop/urls.py",
        "router = DefaultRouter()\nrouter.register(r'orders', OrderViewSet)\nurlpatterns = [\n  path('a/<int:id>/', view),\n  path('b/', include('b.urls')),\n  path('admin/', admin.site.urls),\n  re_path(r'^c/(?P<id>\\d+)/$', view),\n]\n",
        &["ANY /orders", "ANY /a/<int:id>", "ANY /c/{}"],
    );
}

#[test]
fn places_of_files() {
    let text = "export async function GET(r) {}\nexport const POST = f;\nfunction PUT() {}";
    check(
        "web/src/app/(shop)/api/orders/[id]/route.ts",
        text,
        &["GET /api/orders/[id]", "POST /api/orders/[id]", "PUT /api/orders/[id]"],
    );
    check("apps/web/app/api/[id]/app/sync/route.ts", "export const GET = f;", &["GET /api/[id]/app/sync"]);
    check("app/src/app/api/a/route.ts", "export const GET = f;", &["GET /api/a"]);
    check("src/pages/api/orders/index.ts", "export default f", &["ANY /api/orders"]);
    check("src/pages/orders.tsx", "export default f", &[]);
    check("src/routes/a/+server.ts", "export const GET = f", &["GET /a"]);
    check("tests/app/api/route.ts", text, &[]);
}

#[test]
fn names_of_what_is_filled_in_do_not_count() {
    let parts = |path: &str| Route::new("a", "get", &[path], 1).parts();
    assert_eq!(parts("/A/:id/<int:x>/[slug]/{y}/"), ["a", "{}", "{}", "{}", "{}"]);
}
