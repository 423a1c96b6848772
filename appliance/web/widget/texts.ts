// What visitors read.

export interface Texts {
  open: string;
  title: string;
  close: string;
  name: string;
  begin: string;
  waiting: string;
  speaking: (agent: string) => string;
  ended: string;
  again: string;
  leave: string;
  closed: (opens: string) => string;
  full: string;
  leaveMessage: string;
  kept: string;
  placeholder: string;
  send: string;
  sending: string;
  offline: string;
  you: string;
  them: string;
  failed: string;
  remove: string;
  unread: (n: number) => string;
}

export const TEXTS: Record<"zh" | "en", Texts> = {
  zh: {
    open: "在线客服",
    title: "在线客服",
    close: "收起",
    name: "怎么称呼您？（可不填）",
    begin: "开始咨询",
    waiting: "正在为您接入客服，请稍候……",
    speaking: (agent) => `${agent} 正在为您服务`,
    ended: "本次会话已结束。继续输入即可重新接入。",
    again: "开始新的会话",
    leave: "结束会话",
    closed: (opens) => (opens ? `现在是下班时间，${opens} 开始服务。` : "现在是下班时间。"),
    full: "当前咨询人数较多，请稍后再试。",
    leaveMessage: "留言，上班后回复我",
    kept: "请写下您的问题，上班后我们会回复。",
    placeholder: "请输入消息，Enter 发送，Shift+Enter 换行",
    send: "发送",
    sending: "发送中",
    offline: "连接已断开，正在重新连接。您输入的内容不会丢失。",
    you: "您",
    them: "客服",
    failed: "未能发送：",
    remove: "删除",
    unread: (n) => `${n} 条新消息`,
  },
  en: {
    open: "Chat with us",
    title: "Chat with us",
    close: "Close",
    name: "Your name (optional)",
    begin: "Start the chat",
    waiting: "We are connecting you; one moment, please.",
    speaking: (agent) => `You are speaking with ${agent}`,
    ended: "This conversation has ended. Write again to be connected once more.",
    again: "Start a new conversation",
    leave: "End the chat",
    closed: (opens) => (opens ? `We are closed now and back on ${opens}.` : "We are closed now."),
    full: "Many people are waiting; please try again a little later.",
    leaveMessage: "Leave a message for the next shift",
    kept: "Write your question; we answer when we are back.",
    placeholder: "Your message; Enter sends, Shift+Enter is a new line",
    send: "Send",
    sending: "sending",
    offline: "The connection is gone; we are trying again. Nothing you typed is lost.",
    you: "You",
    them: "Agent",
    failed: "Not sent: ",
    remove: "Remove",
    unread: (n) => `${n} new messages`,
  },
};

export function language(wanted: string | null): "zh" | "en" {
  return (wanted || navigator.language).toLowerCase().startsWith("zh") ? "zh" : "en";
}
