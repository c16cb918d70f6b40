import { render } from "preact";
import { App } from "./app.tsx";
import "../ui/base.css";
import "./console.css";

const root = document.getElementById("console");
if (root) render(<App />, root);
