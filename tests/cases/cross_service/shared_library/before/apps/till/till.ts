import { round } from "money";
