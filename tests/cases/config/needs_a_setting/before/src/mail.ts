export const host = "mail";
