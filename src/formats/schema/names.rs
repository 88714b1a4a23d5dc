//! How frameworks turn the name of a class into the name of a table.

/// `BlogPost` → `blog_post`, `HTTPLog` → `http_log`, `Admin::User` → `admin/user`.
pub(crate) fn underscore(name: &str) -> String {
    let name = name.replace("::", "/");
    let chars: Vec<char> = name.chars().collect();
    let mut out = String::with_capacity(name.len() + 4);
    for (at, &char) in chars.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| chars.get(at)).copied();
        let after = chars.get(at + 1).copied();
        let starts = before.is_some_and(|before| before.is_lowercase() || before.is_ascii_digit())
            || (before.is_some_and(char::is_uppercase) && after.is_some_and(char::is_lowercase));
        if char.is_uppercase() && starts {
            out.push('_');
        }
        out.extend(char.to_lowercase());
    }
    out
}

/// The plural of an English word, as far as table names need it; only the last word of `a_b` changes.
pub(crate) fn plural(word: &str) -> String {
    const ODD: &[(&str, &str)] = &[
        ("person", "people"),
        ("child", "children"),
        ("man", "men"),
        ("woman", "women"),
        ("mouse", "mice"),
        ("datum", "data"),
        ("medium", "media"),
        ("analysis", "analyses"),
        ("axis", "axes"),
        ("index", "indices"),
        ("matrix", "matrices"),
        ("quiz", "quizzes"),
        ("news", "news"),
        ("series", "series"),
        ("species", "species"),
        ("equipment", "equipment"),
        ("information", "information"),
        ("data", "data"),
        ("media", "media"),
        ("metadata", "metadata"),
        ("feedback", "feedbacks"),
    ];
    let (head, last) = match word.rfind('_') {
        Some(at) => word.split_at(at + 1),
        None => ("", word),
    };
    if let Some((_, odd)) = ODD.iter().find(|(one, _)| *one == last) {
        return format!("{head}{odd}");
    }
    let vowel_before_y = last.len() > 1
        && last.ends_with('y')
        && matches!(last.as_bytes().get(last.len() - 2), Some(b'a' | b'e' | b'i' | b'o' | b'u'));
    if last.ends_with('y') && !vowel_before_y {
        format!("{head}{}ies", last.trim_end_matches('y'))
    } else if ["s", "x", "z", "ch", "sh"].iter().any(|end| last.ends_with(end)) {
        if last.ends_with('s') && !last.ends_with("ss") && !last.ends_with("us") && !last.ends_with("is") {
            word.to_owned()
        } else {
            format!("{head}{last}es")
        }
    } else {
        format!("{head}{last}s")
    }
}

/// The singular of an English word, as far as the names of fields need it.
pub(crate) fn singular(word: &str) -> String {
    match word {
        "people" => return "person".to_owned(),
        "children" => return "child".to_owned(),
        "media" | "data" | "news" | "series" => return word.to_owned(),
        _ => {}
    }
    if let Some(stem) = word.strip_suffix("ies") {
        return format!("{stem}y");
    }
    for end in ["sses", "shes", "ches", "xes", "uses"] {
        if word.ends_with(end) {
            return word.trim_end_matches("es").to_owned();
        }
    }
    if word.ends_with("ss") || word.ends_with("us") || word.ends_with("is") {
        word.to_owned()
    } else {
        word.trim_end_matches('s').to_owned()
    }
}

/// The table that a class name stands for where nothing else is said: `BlogPost` → `blog_posts`.
pub(crate) fn table_of_class(class: &str) -> String {
    let last = class.rsplit(['.', ':', '\\']).next().unwrap_or(class);
    plural(&underscore(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_become_tables() {
        for (class, table) in [
            ("User", "users"),
            ("BlogPost", "blog_posts"),
            ("Admin::Category", "categories"),
            ("HTTPLog", "http_logs"),
            ("Status", "statuses"),
            ("Person", "people"),
            ("App\\Models\\Day", "days"),
            ("Box", "boxes"),
        ] {
            assert_eq!(table_of_class(class), table);
        }
    }

    #[test]
    fn tables_become_things() {
        for (many, one) in [
            ("users", "user"),
            ("categories", "category"),
            ("boxes", "box"),
            ("people", "person"),
            ("statuses", "status"),
            ("addresses", "address"),
        ] {
            assert_eq!(singular(many), one);
        }
    }
}
