//! Model classes of Python: Django, SQLAlchemy and SQLModel. They say what code expects of stored data; only a
//! migration says what becomes of it.

use super::django::field::Field;
use super::{Column, DeclaredReader, Inventory, Table};
use crate::change::RepoPath;
use crate::formats::Unreadable;
use crate::formats::schema::walk::Walk;
use crate::formats::syntax::{self, Call, Class, Expr, Kind, Language};

/// Model classes of Python.
pub struct Models;

/// Calls that make a field in SQLAlchemy and SQLModel.
const FIELDS: &[&str] = &["Column", "mapped_column", "Field"];

impl DeclaredReader for Models {
    fn style(&self) -> &'static str {
        "models"
    }

    fn reads(&self, path: &RepoPath, text: &str) -> bool {
        const MARKS: [&str; 5] =
            ["(models.Model", "models.CharField(", "__tablename__", "table=True", "(db.Model"];
        path.extension() == "py"
            && !path.folders().any(|folder| folder.contains("migrations") || folder == "versions")
            && text.contains("class ")
            && (MARKS.iter().any(|mark| text.contains(mark)) || text.contains("= models."))
    }

    fn is_model(&self) -> bool {
        true
    }

    fn read(&self, _path: &RepoPath, text: &str) -> Result<Inventory, Unreadable> {
        let file = syntax::parse(Language::Python, text)?;
        let walk = Walk::new(&file);
        let mut inventory = Inventory::default();
        let mut rest: Vec<&Expr<'_>> = file.iter().rev().collect();
        while let Some(expr) = rest.pop() {
            match &expr.kind {
                Kind::Body(parts) => rest.extend(parts.iter().rev()),
                Kind::Class(class) => {
                    let columns = fields(&walk, class);
                    if !columns.is_empty() {
                        inventory.tables.push(Table {
                            name: class.name.to_owned(),
                            line: expr.line,
                            columns,
                            ..Table::default()
                        });
                    }
                }
                _ => {}
            }
        }
        Ok(inventory)
    }
}

/// The stored fields of a class; none where it is no model.
fn fields<'n>(walk: &Walk<'n>, class: &'n Class<'n>) -> Vec<Column> {
    let body: Vec<&Expr<'n>> = class
        .body
        .iter()
        .flat_map(|part| match &part.kind {
            Kind::Body(parts) => parts.iter().collect(),
            _ => vec![part],
        })
        .collect();
    let assigned = |expr: &'n Expr<'n>| match &expr.kind {
        Kind::Assign(pair) => Some((pair.0.name()?, &pair.1)),
        _ => None,
    };
    let is_mapped = class.bases.contains("table=True")
        || class.bases.contains("db.Model")
        || body.iter().filter_map(|expr| assigned(expr)).any(|(name, _)| name == "__tablename__");
    // `ModelForm` and `ModelSerializer` have fields too, and store none
    const NO_MODELS: [&str; 6] = ["Form", "Serializer", "Filter", "Admin", "View", "Schema"];
    let is_django = class.bases.contains("Model")
        && !is_mapped
        && !NO_MODELS.iter().any(|other| class.bases.contains(other));
    body.into_iter()
        .filter_map(|expr| {
            let (name, value) = assigned(expr)?;
            let call = value.call()?;
            let made = match () {
                () if is_mapped && FIELDS.contains(&call.name) => {
                    let type_ = call.args.iter().find(|arg| walk.resolve(arg).literal().is_none());
                    Column {
                        type_: type_.map(|type_| type_.text.split_whitespace().collect()),
                        nullable: call.option("nullable").and_then(Expr::truth),
                        ..Column::default()
                    }
                }
                () if is_django && is_field(call) => {
                    let field = Field::of(walk, value);
                    Column {
                        type_: Some(field.stored().join(" ")),
                        nullable: Some(field.nullable()),
                        ..Column::default()
                    }
                }
                () => return None,
            };
            Some(Column { name: name.to_owned(), line: expr.line, ..made })
        })
        .collect()
}

/// `models.CharField(…)`, `ForeignKey(…)`: what ends so makes a field in Django and in what builds on it.
fn is_field(call: &Call<'_>) -> bool {
    let from_models =
        call.receiver.as_ref().is_none_or(|from| matches!(from.last_name(), Some("models" | "fields")));
    // plain `Field` belongs to classes that check input
    from_models && call.name != "Field" && (call.name.ends_with("Field") || call.name.ends_with("ForeignKey"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::schema::difference;

    /// What differs between two texts, `op class.field` one a step.
    fn differs(before: &str, after: &str) -> Vec<String> {
        let path = RepoPath::new("shop/models.py");
        assert!(Models.reads(&path, before) && Models.reads(&path, after));
        let read = |text| Models.read(&path, text).expect("it can be read");
        let (steps, _) = difference(&read(before), &read(after));
        let told = steps.iter().map(|(step, _)| {
            let op = serde_json::to_value(step.op).expect("an op has a name");
            format!(
                "{} {}.{}",
                op.as_str().unwrap_or_default(),
                step.table,
                step.column.as_deref().unwrap_or_default()
            )
        });
        told.collect()
    }

    #[test]
    fn only_what_is_stored_is_a_change() {
        let django = |fields: &str| {
            format!(
                "from django.db import models\nclass Order(models.Model):\n    name = models.CharField(max_length=20)\n{fields}    class Meta:\n        ordering = ['name']\n"
            )
        };
        let plain = django("");
        assert_eq!(
            differs(&plain, &django("    price = models.IntegerField(null=True)\n")),
            ["add_column Order.price"]
        );
        assert_eq!(
            differs(
                &django("    a = models.TextField()\n"),
                &django("    a = models.TextField(null=True)\n")
            ),
            ["change_nullability Order.a"]
        );
        let form = "class F(forms.ModelForm):\n    a = forms.CharField()\n    b = CharField()\n";
        assert!(differs(&plain, &format!("{plain}{form}")).is_empty());
        let quiet = "    def total(self):\n        return Sum(1)\n    rows = managers.Manager()\n";
        assert!(differs(&plain, &django(quiet)).is_empty());
        assert!(
            differs(&plain, &plain.replace("max_length=20", "max_length=20, help_text='x', choices=C"))
                .is_empty()
        );
    }

    #[test]
    fn mapped_classes_are_read() {
        let mapped = |fields: &str| {
            format!(
                "class Order(Base):\n    __tablename__ = 'orders'\n    id = Column(Integer, primary_key=True)\n{fields}"
            )
        };
        assert_eq!(
            differs(
                &mapped(""),
                &mapped("    note = mapped_column(String(20))\n    owner = relationship('User')\n")
            ),
            ["add_column Order.note"]
        );
        assert_eq!(
            differs(
                &mapped("    a = Column(Integer)\n"),
                &mapped("    a = Column(BigInteger, index=True)\n")
            ),
            ["change_type Order.a"]
        );
        let hero = "class Hero(SQLModel, table=True):\n    id: int | None = Field(default=None)\n";
        assert_eq!(
            differs(hero, &format!("{hero}    age: int = Field(index=True)\n")),
            ["add_column Hero.age"]
        );
    }
}
