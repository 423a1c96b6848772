// Shapes of the interface by their short names.

import type { Answer } from "./client";

export type Board = Answer<"get", "/api/v1/desk/board">;
export type Card = Board["cards"][number];
export type Agent = Board["me"];
export type Colleague = Board["colleagues"][number];
export type QueueName = Board["queues"][number];
export type Message = Answer<"get", "/api/v1/desk/conversations/{conversation}/messages">["items"][number];
export type ContactPage = Answer<"get", "/api/v1/desk/contacts/{contact}">;
export type Past = ContactPage["history"][number];
export type Detail = Answer<"get", "/api/v1/desk/conversations/{conversation}">;
export type Canned = Answer<"get", "/api/v1/canned">["items"][number];
export type FieldShape = Answer<"get", "/api/v1/fields">["items"][number];
export type LabelShape = Answer<"get", "/api/v1/labels">["items"][number];
export type Values = Card["fields"];
export type Attachment = NonNullable<Message["attachment"]>;
