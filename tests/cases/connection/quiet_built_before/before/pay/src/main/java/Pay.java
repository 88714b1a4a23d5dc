class Pay {}
