import { FileSearchOutlined } from "@ant-design/icons";
import { Button, Result } from "antd";
import { Link } from "react-router";
import { ROUTES } from "./routes";

/** An address that leads nowhere, or a thing that is none for this person. */
export function NotFound({ what = "There is nothing at this address." }: { what?: string }) {
  return (
    <Result
      icon={<FileSearchOutlined />}
      title="Not found"
      subTitle={what}
      extra={
        <Link to={ROUTES.tickets}>
          <Button type="primary">All tickets</Button>
        </Link>
      }
    />
  );
}
