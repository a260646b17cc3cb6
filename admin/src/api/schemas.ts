/** Short names for the messages and enums of the contract, as the OpenAPI document has them. */
import type { components } from "#http";

export type Schemas = components["schemas"];

export type Ticket = Schemas["Ticket"];
export type TicketFilter = Schemas["TicketFilter"];
export type TicketStatus = Schemas["TicketStatus"];
export type TicketPriority = Schemas["TicketPriority"];
export type TicketSeverity = Schemas["TicketSeverity"];
export type TicketAction = Schemas["TicketAction"];
export type LinkedType = Schemas["LinkedType"];
export type SlaStatus = Schemas["SlaStatus"];
export type Role = Schemas["Role"];
export type Permission = Schemas["Permission"];
export type Caller = Schemas["Caller"];
export type Limits = Schemas["Limits"];
export type MemberName = Schemas["MemberName"];
export type Member = Schemas["Member"];
export type OwnerSuggestion = Schemas["OwnerSuggestion"];
export type TimelineEntry = Schemas["TimelineEntry"];
export type Message = Schemas["Message"];
export type AuditEntry = Schemas["AuditEntry"];
export type Attachment = Schemas["Attachment"];
export type SavedView = Schemas["SavedView"];
export type ExportJob = Schemas["ExportJob"];
export type Notification = Schemas["Notification"];
export type SlaPolicy = Schemas["SlaPolicy"];
export type SlaExplanation = Schemas["SlaExplanation"];
export type Calendar = Schemas["Calendar"];
export type Webhook = Schemas["Webhook"];
export type BulkResult = Schemas["BulkResult"];
export type SignedRequest = Schemas["SignedRequest"];
export type TermKind = Schemas["TermKind"];
export type TermSuggestion = Schemas["TermSuggestion"];
