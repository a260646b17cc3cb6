import { FileSearchOutlined } from "@ant-design/icons";
import { Button, Result } from "antd";
import { useNavigate } from "react-router";
import { usePageHeading } from "@/ui/usePageHeading";
import { useTitle } from "@/ui/useTitle";
import { ROUTES } from "./routes";

/** An address that leads nowhere, or a thing that is none for this person. */
export function NotFound({ what = "There is nothing at this address." }: { what?: string }) {
  const navigate = useNavigate();
  const heading = usePageHeading();
  useTitle("Not found · Rodistaa Tickets");
  return (
    <Result
      icon={<FileSearchOutlined aria-hidden />}
      title={
        <h1 ref={heading} tabIndex={-1} className="not-found-title">
          Not found
        </h1>
      }
      subTitle={what}
      extra={
        <Button type="primary" onClick={() => void navigate(ROUTES.tickets)}>
          All tickets
        </Button>
      }
    />
  );
}
