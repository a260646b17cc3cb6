import { ArrowDownOutlined, ArrowUpOutlined, CloseOutlined } from "@ant-design/icons";
import { Button, Select } from "antd";
import { useRef, useState } from "react";
import type { Role } from "@/api/schemas";
import { ROLES, STAFF_ROLES, wordOf } from "@/vocabulary/tickets";

const MOST = 10;

/** Roles in the order in which they get the ticket. A control of a form; the focus goes along with a role that moves. */
export function EscalationChainField({
  id,
  value = [],
  onChange,
}: {
  id?: string;
  value?: Role[];
  onChange?: (chain: Role[]) => void;
}) {
  const list = useRef<HTMLOListElement>(null);
  const [said, setSaid] = useState("");
  const move = (role: Role, step: -1 | 1) => {
    const to = value.indexOf(role) + step;
    const chain = value.filter((each) => each !== role);
    chain.splice(to, 0, role);
    onChange?.(chain);
    setSaid(`${wordOf(ROLES, role).label} is now number ${to + 1} of ${chain.length}`);
    requestAnimationFrame(() => {
      const [up, down] = list.current?.children[to]?.querySelectorAll<HTMLButtonElement>("button") ?? [];
      const same = step === -1 ? up : down;
      const other = step === -1 ? down : up;
      (same?.disabled ? other : same)?.focus();
    });
  };
  const left = STAFF_ROLES.filter((role) => !value.includes(role));
  return (
    <div id={id}>
      <ol ref={list} className="policy-chain-list">
        {value.map((role, index) => {
          const name = wordOf(ROLES, role).label;
          return (
            <li key={role} className="policy-chain-row">
              <span className="policy-chain-number" aria-hidden>
                {index + 1}
              </span>
              <span className="policy-chain-name">{name}</span>
              <Button
                type="text"
                size="small"
                icon={<ArrowUpOutlined aria-hidden />}
                aria-label={`Move ${name} up`}
                disabled={index === 0}
                onClick={() => move(role, -1)}
              />
              <Button
                type="text"
                size="small"
                icon={<ArrowDownOutlined aria-hidden />}
                aria-label={`Move ${name} down`}
                disabled={index === value.length - 1}
                onClick={() => move(role, 1)}
              />
              <Button
                type="text"
                size="small"
                icon={<CloseOutlined aria-hidden />}
                aria-label={`Take ${name} out`}
                onClick={() => onChange?.(value.filter((each) => each !== role))}
              />
            </li>
          );
        })}
      </ol>
      {left.length > 0 && value.length < MOST && (
        <Select<Role>
          className="policy-chain-add"
          placeholder="Add a role"
          aria-label="Add a role to the chain"
          value={null}
          options={left.map((role) => ({ value: role, label: ROLES[role] }))}
          onChange={(role) => onChange?.([...value, role])}
        />
      )}
      <span className="visually-hidden" aria-live="polite">
        {said}
      </span>
    </div>
  );
}
