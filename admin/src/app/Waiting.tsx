import { Spin } from "antd";
import "./shell.css";

/** Nothing can be shown yet: the page's own ground, and after a moment a sign that it is being worked on. */
export function Waiting() {
  return (
    <div className="shell-waiting" role="status">
      <Spin size="large" delay={400} />
      <span className="visually-hidden">Loading</span>
    </div>
  );
}
