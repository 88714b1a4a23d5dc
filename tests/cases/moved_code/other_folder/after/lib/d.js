export function d() {
  return "a rather long line of d";
}
