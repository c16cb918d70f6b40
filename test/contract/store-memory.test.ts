import { createMemoryStore } from "../../src/store/memory.ts";
import { storeContract } from "./store.contract.ts";
import { storeModelContract } from "./store-model.contract.ts";

storeContract("memory", createMemoryStore);
storeModelContract("memory", createMemoryStore);
