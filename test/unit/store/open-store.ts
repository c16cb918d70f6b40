/** Opens the store argv[2], and prints what comes of it. */
import { openSqliteStore } from "../../../src/store/sqlite.ts";

try {
  await openSqliteStore({ path: process.argv[2] as string }).close();
  console.log("opened");
} catch (error) {
  const { name, message } = error as Error;
  console.log(`${name}: ${message}`);
}
