//! Models of Mongoose and Sequelize: objects that say what code expects of stored data.

use crate::change::RepoPath;
use crate::formats::Unreadable;
use crate::formats::schema::walk::Walk;
use crate::formats::schema::{Column, DeclaredReader, Inventory, Table};
use crate::formats::syntax::{self, Expr, Kind, Language};

/// How deep an object of fields may hold objects of fields.
const DEEPEST: u32 = 4;

/// Models of Mongoose and Sequelize.
pub struct JavaScriptModels;

impl DeclaredReader for JavaScriptModels {
    fn style(&self) -> &'static str {
        "models"
    }

    fn reads(&self, path: &RepoPath, text: &str) -> bool {
        let is_mongoose = text.contains("mongoose") && text.contains("Schema");
        matches!(path.extension().as_str(), "js" | "ts" | "mjs" | "cjs" | "mts")
            && !path.folders().any(|folder| folder.contains("migration"))
            && (is_mongoose || text.contains("DataTypes.") && text.contains("equelize"))
    }

    fn is_model(&self) -> bool {
        true
    }

    fn read(&self, _path: &RepoPath, text: &str) -> Result<Inventory, Unreadable> {
        let file = syntax::parse(Language::TypeScript, text)?;
        let walk = Walk::new(&file);
        let mut inventory = Inventory::default();
        // what is looked at, with the name that it is given
        let mut rest: Vec<(&Expr<'_>, Option<&str>)> = file.iter().rev().map(|expr| (expr, None)).collect();
        while let Some((expr, given)) = rest.pop() {
            match &expr.kind {
                Kind::Body(parts) => rest.extend(parts.iter().rev().map(|part| (part, given))),
                Kind::Func(func) => rest.extend(func.body.iter().rev().map(|part| (part, None))),
                Kind::Assign(pair) => rest.push((&pair.1, pair.0.name())),
                Kind::Call(call) => {
                    let (name, shape) = match call.name {
                        "Schema" => (given.map(bare), call.arg(0)),
                        "define" => (call.arg(0).and_then(|name| walk.text(name)), call.arg(1)),
                        "init" => {
                            let class = call.receiver.as_ref().and_then(Expr::name);
                            (class.map(str::to_owned), call.arg(0))
                        }
                        _ => continue,
                    };
                    let (Some(name), Some(shape)) = (name, shape) else { continue };
                    let mut table = Table { name, line: expr.line, ..Table::default() };
                    fields(&walk, shape, "", 0, &mut table);
                    if !table.columns.is_empty() {
                        inventory.tables.push(table);
                    }
                }
                _ => {}
            }
        }
        Ok(inventory)
    }
}

/// `userSchema`: what it is the schema of.
fn bare(name: &str) -> String {
    let bare = name.strip_suffix("Schema").or(name.strip_suffix("_schema")).unwrap_or(name);
    let mut letters = bare.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The fields of an object; an object of its own under a name holds fields of that name.
fn fields<'n>(walk: &Walk<'n>, shape: &'n Expr<'n>, above: &str, depth: u32, table: &mut Table) {
    for (key, value) in walk.resolve(shape).entries() {
        let Some(key) = key.key() else { continue };
        let name = format!("{above}{key}");
        let value = walk.resolve(value);
        let type_ = value.get("type").filter(|type_| walk.resolve(type_).entries().is_empty());
        if type_.is_none() && !value.entries().is_empty() && depth < DEEPEST {
            fields(walk, value, &format!("{name}/"), depth + 1, table);
            continue;
        }
        let said = |key: &str| value.get(key).and_then(Expr::truth);
        let is_required = said("required") == Some(true) || said("allowNull") == Some(false);
        let type_ = type_.unwrap_or(value).text.split_whitespace().collect::<String>();
        // `mongoose.Schema.Types.ObjectId` and `DataTypes.STRING` by their last word
        let is_path = type_.chars().all(|char| char.is_alphanumeric() || matches!(char, '.' | '_' | '$'));
        let last = type_.rsplit('.').next().filter(|_| is_path).map(str::to_owned);
        table.columns.push(Column {
            name,
            type_: last.or(Some(type_)),
            nullable: Some(!is_required),
            default: None,
            line: value.line,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::schema::difference;

    fn differs(before: &str, after: &str) -> Vec<String> {
        let path = RepoPath::new("src/models/user.js");
        assert!(JavaScriptModels.reads(&path, before) && JavaScriptModels.reads(&path, after));
        let read = |text| JavaScriptModels.read(&path, text).expect("it can be read");
        let (steps, _) = difference(&read(before), &read(after));
        let told = steps.iter().map(|(step, _)| {
            format!("{:?} {}.{}", step.op, step.table, step.column.as_deref().unwrap_or_default())
        });
        told.collect()
    }

    #[test]
    fn fields_of_documents_are_read() {
        let schema = |fields: &str| {
            format!(
                "const mongoose = require('mongoose');\nconst userSchema = new mongoose.Schema({{ name: String, {fields} }}, {{ timestamps: true }});\nuserSchema.index({{ name: 1 }});\nmodule.exports = mongoose.model('User', userSchema);\n"
            )
        };
        let cases: &[(&str, &str, &[&str])] = &[
            ("", "age: Number,", &["AddColumn User.age"]),
            ("a: { b: String },", "a: { b: String, c: [Number] },", &["AddColumn User.a/c"]),
            ("a: String,", "a: { type: String, required: true },", &["ChangeNullability User.a"]),
            ("a: String,", "a: { type: String, index: true, trim: true },", &[]),
            ("a: Schema.Types.ObjectId,", "a: mongoose.Types.ObjectId,", &[]),
            ("a: String,", "a: Number,", &["ChangeType User.a"]),
            ("a: [{ b: T.String }],", "a: [{ b: T.String, c: T.String }],", &["ChangeType User.a"]),
        ];
        for (before, after, expected) in cases {
            assert_eq!(&differs(&schema(before), &schema(after)), expected, "{before} {after}");
        }
    }

    #[test]
    fn models_of_sequelize_are_read() {
        let model = |fields: &str| {
            format!(
                "module.exports = (sequelize, DataTypes) => {{ const User = sequelize.define('User', {{ name: DataTypes.STRING, {fields} }}); return User; }};\n"
            )
        };
        assert_eq!(
            differs(&model(""), &model("age: { type: DataTypes.INTEGER, allowNull: false }")),
            ["AddColumn User.age"]
        );
        let class = |fields: &str| {
            format!(
                "import {{ DataTypes, Model }} from 'sequelize';\nclass User extends Model {{}}\nUser.init({{ {fields} }}, {{ sequelize }});\n"
            )
        };
        let (one, two) = (class("a: DataTypes.STRING"), class("b: DataTypes.STRING"));
        assert_eq!(differs(&one, &two), ["AddColumn User.b", "DropColumn User.a"]);
    }
}
