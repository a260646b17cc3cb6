import { Grid, Layout, Spin } from "antd";
import { Suspense, useState } from "react";
import { Outlet } from "react-router";
import { ConnectionNotice } from "@/ui/ConnectionNotice";
import { Header } from "./Header";
import { Navigation, NavigationDrawer } from "./Navigation";
import { SamePerson } from "./SamePerson";
import { ShellErrorBoundary } from "./ShellErrorBoundary";
import { Shortcuts } from "./Shortcuts";
import { Waiting } from "./Waiting";
import "./shell.css";

/** What stands around every page: navigation, search, notifications, the person. Nothing before it is known who that is. */
export function Shell() {
  return (
    <ShellErrorBoundary>
      <Suspense fallback={<Waiting />}>
        <SamePerson>
          <Frame />
        </SamePerson>
      </Suspense>
    </ShellErrorBoundary>
  );
}

function Frame() {
  const [menuOpen, setMenuOpen] = useState(false);
  const wide = Grid.useBreakpoint().lg ?? true;
  return (
    <Layout className="shell">
      <a className="skip-link" href="#content">
        Skip to content
      </a>
      {wide ? <Navigation /> : <NavigationDrawer open={menuOpen} onClose={() => setMenuOpen(false)} />}
      <Layout>
        <Header onOpenMenu={wide ? undefined : () => setMenuOpen(true)} />
        <div className="shell-connection">
          <ConnectionNotice />
        </div>
        <Layout.Content id="content" className="shell-content" tabIndex={-1}>
          <Suspense fallback={<Spin className="shell-loading" />}>
            <Outlet />
          </Suspense>
        </Layout.Content>
      </Layout>
      <Shortcuts />
    </Layout>
  );
}
