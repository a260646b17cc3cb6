import { LogoutOutlined, MoonOutlined, SunOutlined, SwapOutlined, UserOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { App, Avatar, Button, Grid, type MenuProps } from "antd";
import { useCaller } from "@/api/caller";
import { ApiError, messageOf, Unreachable } from "@/api/errors";
import { noteRefusal, personHeaders } from "@/api/person";
import { ButtonMenu } from "@/ui/ButtonMenu";
import { ROLES, wordOf } from "@/vocabulary/tickets";
import { type SchemeChoice, useScheme } from "./scheme";
import { forgetWritten, leave, tellOtherTabs } from "./session";

/** Who is logged in, the colour scheme, and the way out. */
export function PersonMenu() {
  const caller = useCaller();
  const { choice, choose } = useScheme();
  const wide = Grid.useBreakpoint().xl ?? true;
  const name = caller.displayName || caller.userId || "";
  const { message } = App.useApp();
  const logOut = useMutation({
    mutationFn: endSession,
    onSuccess() {
      forgetWritten();
      tellOtherTabs();
      leave();
    },
    onError: (error) => void message.error(`You are still logged in. ${messageOf(error)}`),
  });
  const items: MenuProps["items"] = [
    {
      key: "who",
      type: "group",
      label: (
        <>
          <strong>{name}</strong>
          <br />
          {wordOf(ROLES, caller.role).label}
          {(caller.franchiseIds?.length ?? 0) > 0 && ` · ${caller.franchiseIds?.join(", ")}`}
        </>
      ),
    },
    { type: "divider" },
    {
      key: "scheme",
      type: "group",
      label: "Colours",
      children: [
        { key: "light", icon: <SunOutlined aria-hidden />, label: "Light" },
        { key: "dark", icon: <MoonOutlined aria-hidden />, label: "Dark" },
        { key: "system", icon: <SwapOutlined aria-hidden />, label: "As the system" },
      ].map((each) => ({ ...each, role: "menuitemradio", "aria-checked": each.key === choice })),
    },
    { type: "divider" },
    { key: "logout", icon: <LogoutOutlined aria-hidden />, label: "Log out" },
  ];
  const pick: MenuProps["onClick"] = ({ key }) => (key === "logout" ? logOut.mutate() : choose(key as SchemeChoice));
  return (
    <ButtonMenu menu={{ items, onClick: pick, selectedKeys: [choice] }} placement="bottomRight">
      <Button type="text" aria-label={`You are ${name}`} className="shell-person">
        <Avatar size={24} icon={<UserOutlined aria-hidden />} />
        {wide && <bdi>{name}</bdi>}
      </Button>
    </ButtonMenu>
  );
}

/** The session is the gateway's, not the contract's: a cookie that scripts do not see. */
async function endSession(): Promise<void> {
  const response = await fetch("/session", { method: "DELETE", headers: personHeaders() }).catch((cause: unknown) => {
    throw new Unreachable({ cause });
  });
  if (!response.ok) {
    const refusal = ApiError.of(await response.json().catch(() => null), response);
    noteRefusal(refusal);
    throw refusal;
  }
}
