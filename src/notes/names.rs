//! Names in code spelling as the words they are made of, so that one matter is known by its many spellings.

/// `ProductReviewService`, `product-reviews`, `PRODUCT_REVIEWS`: lower-case words, in order.
pub fn words(name: &str) -> Vec<String> {
    let chars: Vec<char> = name.chars().collect();
    let mut words = Vec::new();
    let mut word = String::new();
    for (at, &c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| chars.get(at));
        let after = chars.get(at + 1);
        let starts = c.is_uppercase()
            && before.is_some_and(|b| {
                b.is_lowercase() || b.is_numeric() || after.is_some_and(|a| a.is_lowercase())
            });
        if (starts || !c.is_alphanumeric()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

/// A name as a person writes it: `product-reviews` is "product reviews".
pub fn spoken(name: &str) -> String {
    words(name).join(" ")
}

/// Whether `name` speaks of the matter that `topic` names: its words in a row, or written as one; a plural is the same.
pub fn speaks_of(name: &str, topic: &str) -> bool {
    let singular = |word: &String| word.strip_suffix('s').unwrap_or(word).to_owned();
    let topic: Vec<String> = words(topic).iter().map(singular).collect();
    let one = topic.concat();
    if one.is_empty() {
        return false;
    }
    let name: Vec<String> = words(name).iter().map(singular).collect();
    name.windows(topic.len()).any(|part| part == topic) || (topic.len() > 1 && name.contains(&one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_matter_has_many_spellings() {
        for name in [
            "ProductReviewService.GetAll",
            "product-reviews",
            "PRODUCT_REVIEWS_PORT",
            "reviews.productreviews",
        ] {
            assert!(speaks_of(name, "product-reviews"), "{name}");
        }
        for name in ["ProductService", "reviews", "productreviewer", ""] {
            assert!(!speaks_of(name, "product-reviews"), "{name}");
        }
        assert!(speaks_of("LLM_BASE_URL", "llm"));
        assert!(!speaks_of("callmatch", "llm"));
        assert_eq!(spoken("flagdUI-v2"), "flagd ui v2");
        assert_eq!(words("HTTPServer2Go"), ["http", "server2", "go"]);
    }

    proptest::proptest! {
        #[test]
        fn names_never_panic(one in "\\PC*", other in "\\PC*") {
            let _ = speaks_of(&one, &other);
        }
    }
}
