//! What marked classes say, and when they stay quiet.

use proptest::prelude::*;

use super::*;
use crate::change::RepoPath;
use crate::formats::schema::{DeclaredReader, difference};

/// What differs between two texts, `op class.field` one a step.
fn differs(reader: &dyn DeclaredReader, path: &str, before: &str, after: &str) -> Vec<String> {
    let path = RepoPath::new(path);
    assert!(reader.reads(&path, before) && reader.reads(&path, after), "{after}");
    let read = |text| reader.read(&path, text).expect("it can be read");
    let (steps, _) = difference(&read(before), &read(after));
    let told = steps.iter().map(|(step, _)| {
        format!("{:?} {}.{}", step.op, step.table, step.column.as_deref().unwrap_or_default())
    });
    told.collect()
}

fn java(fields: &str) -> String {
    format!(
        "import jakarta.persistence.*;\n@Entity\n@Table(name = \"orders\")\npublic class Order extends Base<Long> {{\n  private static final long X = 1L;\n  @Id private Long id;\n{fields}\n  public Order(String a) {{ this.a = a; }}\n  public String getA() {{ return a; }}\n}}\nclass Helper {{ private String b; }}\n"
    )
}

#[test]
fn fields_of_java_are_read() {
    let cases: &[(&str, &str, &[&str])] = &[
        ("", "private String note;", &["AddColumn Order.note"]),
        (
            "",
            "@Column(name = \"a_b\", nullable = false) private BigDecimal c = new BigDecimal(\"1\");",
            &["AddColumn Order.ab"],
        ),
        ("@Lob String a;", "", &["DropColumn Order.a"]),
        (
            "@Column(name=\"a\") String a;",
            "@Column(nullable = false, name=\"a\") String a;",
            &["ChangeNullability Order.a"],
        ),
        ("@Column(length = 20) String a;", "@Column(length = 50) String a;", &["ChangeType Order.a"]),
        ("@Enumerated(EnumType.STRING) A a;", "@Enumerated A a;", &["ChangeType Order.a"]),
        ("String a;", "@Enumerated(EnumType.STRING) A a;", &[]),
        ("Long a_id;", "@OneToOne @JoinColumn(name = \"a_id\") A a;", &[]),
        ("int a;", "@Column(name = \"a\") private Integer a = 0;", &[]),
        ("private String a;", "@NotNull @Size(max = 3) protected String a;", &[]),
        ("@ManyToOne private Shop shop;", "@ManyToOne(fetch = FetchType.LAZY) private Store shop;", &[]),
        ("", "@Transient private String a;", &[]),
        ("", "@OneToMany(mappedBy = \"order\") private List<Item> items = new ArrayList<>();", &[]),
        ("", "@OneToOne(mappedBy = \"order\") private Item item;", &[]),
        (
            "",
            "public void b() { int c = 1; String d; }\n static class E { String f; }\n enum G { H, I }",
            &[],
        ),
        ("Date a;", "private LocalDateTime a;", &[]),
        ("List<String> a;", "Set<String> a;", &[]),
    ];
    for (before, after, expected) in cases {
        assert_eq!(&differs(&Jpa, "src/Order.java", &java(before), &java(after)), expected, "{after}");
    }
    let by_method = |methods: &str| {
        format!(
            "import javax.persistence.*;\n@Entity class A {{ private Long id; private String c;\n @Id public Long getId() {{ return id; }}\n{methods} }}"
        )
    };
    assert_eq!(
        differs(
            &Jpa,
            "A.java",
            &by_method(""),
            &by_method("@Column(name = \"b\") public String getC() { return c; }")
        ),
        ["AddColumn A.b"]
    );
    let plain = "import jakarta.persistence.Id;\n// @Entity once\nclass A { @Id Long id; }\n";
    assert_eq!(Jpa.read(&RepoPath::new("A.java"), plain).expect("it can be read").tables, []);
}

#[test]
fn fields_of_kotlin_are_read() {
    let class = |fields: &str| {
        format!(
            "import jakarta.persistence.*\n@Entity\nclass Order(\n  @Id val id: Long = 0,\n{fields}\n) : Base() {{\n  val total: Int\n    get() = 1\n  fun a(b: String) {{ val c: Int = 1 }}\n}}\n"
        )
    };
    let of = |before: &str, after: &str| differs(&Jpa, "Order.kt", &class(before), &class(after));
    assert_eq!(of("", "  var note: String? = null,"), ["AddColumn Order.note"]);
    assert_eq!(of("var a: Int,", "var a: String,"), ["ChangeType Order.a"]);
    assert!(of("var a: Int,", "@Column(name = \"a\") var a: Int? = null,").is_empty());
    assert!(of("", "@OneToMany(mappedBy = \"order\") val items: List<Item> = listOf(),").is_empty());
}

#[test]
fn decorated_fields_are_read() {
    let class = |fields: &str| {
        format!(
            "import {{ Entity, Column }} from 'typeorm';\n@Entity('orders')\nexport class Order {{\n  @PrimaryGeneratedColumn()\n  id: number;\n{fields}\n  @BeforeInsert()\n  make() {{ this.id = 1; }}\n  helper = {{ a: 1 }};\n}}\n"
        )
    };
    let cases: &[(&str, &str, &[&str])] = &[
        ("", "  @Column({ nullable: true })\n  note?: string;", &["AddColumn Order.note"]),
        ("", "  @Column() a: string\n  @Column() b: number\n", &["AddColumn Order.a", "AddColumn Order.b"]),
        ("", "  @Column() a = 'x'\n  @Column() b: number\n", &["AddColumn Order.a", "AddColumn Order.b"]),
        ("@Column() a: string;", "@Column({ type: 'varchar' }) a!: string;", &[]),
        ("@Column() a: string;", "@Column('jsonb') a: Thing;", &["ChangeType Order.a"]),
        ("@Column() a: string;", "@Column({ nullable: true }) a: string;", &["ChangeNullability Order.a"]),
        ("@Column() aB: string;", "@Column({ name: 'a_b' }) c: string;", &[]),
        ("", "@OneToMany(() => Item, (item) => item.order)\n  items: Item[];", &[]),
        (
            "",
            "@ManyToOne(() => Shop, { onDelete: 'CASCADE' })\n  shop: Relation<Shop>;",
            &["AddColumn Order.shop"],
        ),
        ("@Column() @ToText a: number;", "@Column() a: number;", &[]),
        ("@OwnColumn() a: string;", "@PrimaryColumn() a: string;", &[]),
        ("@ManyToOne(() => Shop) shop: Shop;", "@ManyToOne(() => Store) shop: Store;", &[]),
        (
            "",
            "@Column() shop_id: string;\n@JoinColumn({ name: 'shop_id' }) @ManyToOne(() => Shop) shop: Shop;",
            &["AddColumn Order.shopid"],
        ),
        ("", "@Property({ persist: false }) a: string;", &[]),
        ("", "  other: string;", &[]),
    ];
    for (before, after, expected) in cases {
        assert!(differs(&Decorated, "order.ts", &class(after), &class(after)).is_empty(), "{after}");
        assert_eq!(&differs(&Decorated, "order.ts", &class(before), &class(after)), expected, "{after}");
    }
}

proptest! {
    #[test]
    fn never_panics(text in "(@Entity|@Column|class |A|\\{|\\}|\\(|\\)|;|=|:|val |@|\n|\"|<){0,40}") {
        for (reader, path) in [(&Jpa as &dyn DeclaredReader, "A.java"), (&Jpa, "A.kt"), (&Decorated, "a.ts")] {
            let _ = reader.read(&RepoPath::new(path), &text);
        }
    }
}
