import { PlusOutlined } from "@ant-design/icons";
import { Button, Form, Input } from "antd";
import { api, unwrap } from "@/api/client";
import type { Ticket } from "@/api/schemas";
import { ActionDialog } from "./ActionDialog";
import { isWithheld } from "./ticketDifferences";

type Values = { resolutionSummary?: string };

const FIELDS = ["resolutionSummary"] as const;
const SUMMARY_MAX = 20_000;

/** Beginnings of what is often written in this business. */
const TEMPLATES = [
  { label: "Payment made", text: "The payment was made and has reached the account; reference: " },
  { label: "Documents in order", text: "The documents were renewed, checked and accepted." },
  { label: "Delivered", text: "The shipment was delivered; the proof of delivery was checked." },
  { label: "Booking corrected", text: "The booking was corrected and is final." },
  { label: "Account restored", text: "The cause of the suspension is settled; the account is active again." },
  { label: "No fault found", text: "It was looked into and nothing was wrong; the person who asked was told why." },
] as const;

/** Resolves a ticket, with a word on how. */
export function ResolveModal(props: { ticket: Ticket; open: boolean; onClose(): void }) {
  const { ticket } = props;
  const id = ticket.id ?? "";
  const withheld = isWithheld(ticket, "resolution_summary");
  return (
    <ActionDialog<Values>
      {...props}
      title="Resolve"
      okText="Resolve"
      fields={FIELDS}
      // What a reopened ticket was closed upon has been rejected: it is not offered again.
      initialValues={{
        resolutionSummary: ticket.status === "TICKET_STATUS_REOPENED" ? "" : ticket.resolutionSummary || "",
      }}
      send={({ resolutionSummary = "" }, header) =>
        unwrap(
          api.POST("/admin/tickets/{id}/transition", {
            params: { path: { id }, header },
            body: {
              status: "TICKET_STATUS_RESOLVED",
              ...(resolutionSummary.trim() && { resolutionSummary: resolutionSummary.trim() }),
            },
          }),
        )
      }
      said={() => `${id} is resolved.`}
    >
      {({ form }) => (
        <>
          <fieldset
            className="template-chips"
            aria-label="Templates"
            style={{ border: 0, margin: "0 0 8px", padding: 0 }}
          >
            {TEMPLATES.map(({ label, text }) => (
              <Button
                key={label}
                size="small"
                shape="round"
                icon={<PlusOutlined aria-hidden />}
                onClick={() => {
                  const written = ((form.getFieldValue("resolutionSummary") as string | undefined) ?? "").trim();
                  form.setFieldValue("resolutionSummary", written ? `${written}\n${text}` : text);
                  form.getFieldInstance("resolutionSummary")?.focus();
                }}
              >
                {label}
              </Button>
            ))}
          </fieldset>
          <Form.Item
            name="resolutionSummary"
            label="How it was solved"
            extra={
              withheld
                ? "If the ticket has a summary from before, it is withheld here; left empty, it stays."
                : "Whoever opened the ticket can read it."
            }
            rules={withheld ? [] : [{ required: true, whitespace: true, message: "Say how it was solved." }]}
          >
            <Input.TextArea autoSize={{ minRows: 4, maxRows: 12 }} maxLength={SUMMARY_MAX} showCount autoFocus />
          </Form.Item>
        </>
      )}
    </ActionDialog>
  );
}
