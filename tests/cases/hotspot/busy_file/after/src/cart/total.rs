pub fn total() -> u32 { 2 }
