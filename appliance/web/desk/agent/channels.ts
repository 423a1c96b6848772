// Which channels there are, as far as the desk treats them differently.

/** Whether one speaks in it by telephone. */
export const isCall = (channel: string): boolean => ["phone", "callback", "outbound"].includes(channel);

/** Whether the contact reads what is written. */
export const isWritten = (channel: string): boolean => !isCall(channel) && channel !== "voicemail";

/** The name of its sign. */
export function signOf(channel: string): "phone" | "mail" | "chat" {
  if (isCall(channel)) return "phone";
  return ["email", "voicemail"].includes(channel) ? "mail" : "chat";
}
