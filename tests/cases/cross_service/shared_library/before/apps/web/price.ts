import { round } from "money";
export const price = (n: number) => round(n);
