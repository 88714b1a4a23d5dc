pub fn tax() {}
