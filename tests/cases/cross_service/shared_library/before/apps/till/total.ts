import { round } from "money";
export const total = (n: number) => round(n);
