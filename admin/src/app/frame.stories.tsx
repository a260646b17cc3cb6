import type { Meta, StoryObj } from "@storybook/react-vite";
import { App, Layout } from "antd";
import { HttpResponse, http } from "msw";
import { useEffect } from "react";
import { ConnectionBanner } from "@/ui/ConnectionNotice";
import { Navigation } from "./Navigation";
import { NotFound } from "./NotFound";
import { FailedView } from "./PageError";
import { PersonMenu } from "./PersonMenu";
import { Shortcuts } from "./Shortcuts";
import { Waiting } from "./Waiting";

const meta: Meta = { title: "Frame" };
export default meta;

type Story = StoryObj;

const SHIPPER = {
  userId: "shipper-77",
  role: "ROLE_SHIPPER",
  displayName: "",
};

const FRANCHISE_AGENT = {
  userId: "farid",
  role: "ROLE_FRANCHISE_AGENT",
  displayName: "محمد عبد الرحمن بن عبد العزيز",
  franchiseIds: ["FR-001", "FR-002"],
  permissions: ["PERMISSION_STAFF"],
};

function as(caller: object) {
  return { msw: { handlers: [http.get("*/admin/me", () => HttpResponse.json(caller))] } };
}

export const NavigationOfAnAdmin: Story = {
  render: () => (
    <Layout style={{ height: 480 }}>
      <Navigation />
    </Layout>
  ),
};

export const NavigationOfAShipper: Story = { ...NavigationOfAnAdmin, parameters: as(SHIPPER) };

export const Person: Story = { render: () => <PersonMenu /> };

export const PersonWithANameFromRightToLeft: Story = { ...Person, parameters: as(FRANCHISE_AGENT) };

export const Keyboard: Story = { render: () => <Shortcuts isOpen /> };

export const Offline: Story = { render: () => <ConnectionBanner connection="offline" /> };

export const ServiceThatDoesNotAnswer: Story = { render: () => <ConnectionBanner connection="unreachable" /> };

export const NothingHere: Story = { render: () => <NotFound /> };

export const ViewThatFailed: Story = {
  render: () => <FailedView error={new Error("A part of the page could not be fetched.")} />,
};

export const NothingYet: Story = {
  render: () => (
    <div style={{ height: 480 }}>
      <Waiting />
    </div>
  ),
};

/** In the lower corner, where it covers neither the head of a ticket nor its composer. */
export const News: Story = { render: () => <Told /> };

function Told() {
  const { message } = App.useApp();
  useEffect(() => {
    void message.success("TKT-1031 is created.", 0);
    void message.error("Somebody else has changed the ticket meanwhile. Look at it again, and then decide.", 0);
    return () => message.destroy();
  }, [message]);
  return <p>What has happened is told below.</p>;
}
