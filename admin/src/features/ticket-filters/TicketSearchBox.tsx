import { ClockCircleOutlined, EnterOutlined, LoadingOutlined, SearchOutlined } from "@ant-design/icons";
import { AutoComplete, Input } from "antd";
import { type ComponentRef, type ReactNode, useEffect, useRef, useState } from "react";
import { useHotkeys } from "react-hotkeys-hook";
import { useLocation, useNavigate, useSearchParams } from "react-router";
import { useCaller } from "@/api/caller";
import { ROUTES } from "@/app/routes";
import { Highlighted } from "@/features/ticket-list/TicketCells";
import { useListStyle } from "@/features/ticket-list/useListStyle";
import { StatusTag } from "@/ui/StatusTag";
import { useRecentSearches } from "./recentSearches";
import { ticketIdOf } from "./ticketNumber";
import { useSuggestions } from "./useSuggestions";
import "./search-box.css";

const MOST_LETTERS = 500;
const OPEN = "open:";
const SEARCH = "search:";

type Option = { value: string; label: ReactNode };

/**
 * Search from everywhere. Words search the list, keeping its filters; a ticket's number opens it; the best matches
 * come while one types.
 */
export function TicketSearchBox() {
  const { userId = "" } = useCaller();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const [params] = useSearchParams();
  const style = useListStyle();
  const input = useRef<ComponentRef<typeof AutoComplete>>(null);
  const isOnList = pathname.startsWith(ROUTES.tickets);
  const searched = isOnList ? (params.get("q") ?? "") : "";
  const [typed, setTyped] = useState(searched);
  const [open, setOpen] = useState(false);
  const [recent, remember, forget] = useRecentSearches(userId);
  const { results, isFetching } = useSuggestions(typed, open);
  useEffect(() => setTyped(searched), [searched]);
  useHotkeys("/", () => input.current?.focus(), { preventDefault: true, useKey: true });

  const leave = () => {
    setOpen(false);
    input.current?.blur();
  };
  const openTicket = (id: string) => {
    leave();
    void navigate({ pathname: ROUTES.ticket(id), search: isOnList ? params.toString() : "" });
  };
  const search = (text: string) => {
    const query = text.trim();
    const next = new URLSearchParams(isOnList ? params : undefined);
    next.delete("q");
    if (query) {
      next.set("q", query);
      remember(query);
    }
    leave();
    void navigate({ pathname: ROUTES.tickets, search: next.toString() });
  };
  const take = (text: string) => {
    const id = ticketIdOf(text);
    if (id) {
      openTicket(id);
    } else {
      search(text);
    }
  };

  const number = ticketIdOf(typed);
  const options: Option[] = [];
  if (number) {
    options.push({ value: OPEN + number, label: <Line icon={<EnterOutlined aria-hidden />}>Open {number}</Line> });
  } else if (typed.trim()) {
    options.push({
      value: SEARCH + typed.trim(),
      label: (
        <Line icon={<SearchOutlined aria-hidden />}>
          Search for “<bdi>{typed.trim()}</bdi>”
        </Line>
      ),
    });
    // An amount as well as a ticket's number, so Enter searches.
    const bare = ticketIdOf(`#${typed.trim()}`);
    if (bare) {
      options.push({ value: OPEN + bare, label: <Line icon={<EnterOutlined aria-hidden />}>Open {bare}</Line> });
    }
  } else if (recent.length > 0) {
    options.push(
      ...recent.map((query) => ({
        value: SEARCH + query,
        label: (
          <Line icon={<ClockCircleOutlined aria-hidden />}>
            <bdi>{query}</bdi>
          </Line>
        ),
      })),
      { value: FORGET, label: <Line>Forget these searches</Line> },
    );
  }
  if (results.length > 0 && !number) {
    options.push(
      ...results.map(({ ticket, titleHighlight = [] }) => ({
        value: OPEN + (ticket?.id ?? ""),
        label: (
          <div className="search-option" style={style}>
            <span className="search-option-title" dir="auto">
              {titleHighlight.length > 0 ? <Highlighted segments={titleHighlight} /> : ticket?.title}
            </span>
            <span className="search-option-id">{ticket?.id}</span>
            <StatusTag status={ticket?.status} />
          </div>
        ),
      })),
    );
  }
  return (
    <AutoComplete
      ref={input}
      className="search-box"
      classNames={{ popup: { root: "search-box-popup" } }}
      value={typed}
      open={open && options.length > 0}
      onOpenChange={setOpen}
      options={options}
      // What was typed is kept in sight; the value of an option is not for people.
      onSelect={(value: string) => {
        if (value === FORGET) {
          forget();
        } else if (value.startsWith(OPEN)) {
          openTicket(value.slice(OPEN.length));
        } else {
          setTyped(value.slice(SEARCH.length));
          search(value.slice(SEARCH.length));
        }
      }}
      onChange={(value: string) => {
        if (!value?.startsWith(OPEN) && !value?.startsWith(SEARCH) && value !== FORGET) {
          setTyped(value ?? "");
        }
      }}
      defaultActiveFirstOption
      backfill={false}
    >
      <Input
        type="search"
        aria-label="Search tickets"
        placeholder="Search tickets, or open one by its number"
        maxLength={MOST_LETTERS}
        allowClear
        prefix={isFetching ? <LoadingOutlined aria-hidden /> : <SearchOutlined aria-hidden />}
        suffix={open || typed ? null : <kbd className="search-key">/</kbd>}
        onKeyDown={(event) => {
          if (event.key === "Escape") {
            leave();
          } else if (event.key === "Enter" && options.length === 0) {
            take(typed);
          }
        }}
        onChange={(event) => {
          // The cross at the end of the field.
          if (event.type === "click" && searched) {
            search("");
          }
        }}
      />
    </AutoComplete>
  );
}

const FORGET = "forget";

function Line({ icon, children }: { icon?: ReactNode; children: ReactNode }) {
  return (
    <span className="search-line">
      {icon}
      <span>{children}</span>
    </span>
  );
}
