//! CODEOWNERS with the rules of GitHub.
