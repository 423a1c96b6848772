// What visitors read.

export interface Texts {
  open: string;
  title: string;
  close: string;
  name: string;
  begin: string;
  waiting: string;
  place: (ahead: number, minutes: number | null) => string;
  speaking: (agent: string) => string;
  ended: string;
  again: string;
  leave: string;
  closed: (opens: string) => string;
  full: string;
  leaveMessage: string;
  yourMessage: string;
  kept: string;
  placeholder: string;
  send: string;
  sending: string;
  offline: string;
  notNow: string;
  you: string;
  them: string;
  failed: string;
  remove: string;
  unread: (n: number) => string;
  typing: (name: string) => string;
  delivered: string;
  read: string;
  attach: string;
  emoji: string;
  file: string;
  image: (name: string) => string;
  rate: string;
  stars: (n: number) => string;
  comment: string;
  sendRating: string;
  thanks: string;
  transcript: string;
  address: string;
  sendTranscript: string;
  transcriptStates: Record<string, string>;
  tooLong: (most: number) => string;
  tooLarge: (mib: string) => string;
  /** By a refusal's kind, with its parameters in braces; what is missing is told in the server's words. */
  refused: Record<string, string>;
}

export const TEXTS: Record<"zh" | "en", Texts> = {
  zh: {
    open: "在线客服",
    title: "在线客服",
    close: "收起",
    name: "怎么称呼您？（可不填）",
    begin: "开始咨询",
    waiting: "正在为您接入客服，请稍候……",
    place: (ahead, minutes) =>
      `${ahead ? `前面还有 ${ahead} 位` : "下一位就是您"}${minutes ? `，预计等待约 ${minutes} 分钟` : ""}。`,
    speaking: (agent) => `${agent} 正在为您服务`,
    ended: "本次会话已结束。继续输入即可重新接入。",
    again: "新会话",
    leave: "结束会话",
    closed: (opens) => (opens ? `现在是下班时间，${opens} 开始服务。` : "现在是下班时间。"),
    full: "当前咨询人数较多，请稍后再试，或给我们留言。",
    leaveMessage: "留言，上班后回复我",
    yourMessage: "请写下您的问题",
    kept: "留言已收到，上班后我们会在这里回复您。",
    placeholder: "请输入消息，Enter 发送，Shift+Enter 换行",
    send: "发送",
    sending: "发送中",
    offline: "连接已断开，正在重新连接。您输入的内容不会丢失。",
    notNow: "暂时无法连接，请稍后再试。",
    you: "您",
    them: "客服",
    failed: "未能发送：",
    remove: "删除",
    unread: (n) => `${n} 条新消息`,
    typing: (name) => `${name} 正在输入……`,
    delivered: "已送达",
    read: "已读",
    attach: "发送文件",
    emoji: "表情",
    file: "下载文件",
    image: (name) => `图片：${name}`,
    rate: "您对本次服务满意吗？",
    stars: (n) => `${n} 星`,
    comment: "想说点什么？（可不填）",
    sendRating: "提交评价",
    thanks: "感谢您的评价！",
    transcript: "把会话记录发到邮箱",
    address: "邮箱地址",
    sendTranscript: "发送",
    transcriptStates: {
      waiting: "会话记录正在发送。",
      sent: "会话记录已发送。",
      failed: "会话记录未能发送，请检查邮箱地址。",
    },
    tooLong: (most) => `消息最多 ${most} 个字，请分几次发送。`,
    tooLarge: (mib) => `文件最大 ${mib} MB。`,
    refused: {
      "message-too-long": "消息最多 {most} 个字，请分几次发送。",
      "message-signs": "消息中有不能发送的控制字符。",
      "file-too-large": "文件最大 {most_mib} MB。",
      "file-type": "不支持发送这种文件，可以发送：{allowed}。",
      "file-content": "文件内容与它的扩展名不符。",
      "file-empty": "文件是空的。",
      "too-many-files": "本次会话最多可以发送 {most} 个文件。",
      "too-many-requests": "发送太频繁，请稍等片刻。",
      "too-many-questions": "操作太频繁，请在 {seconds} 秒后再试。",
      "too-many-looks": "操作太频繁，请在 {seconds} 秒后再试。",
      "too-fast": "发送太频繁，请稍等片刻。",
      "too-many-conversations": "发起的会话太多，请稍后再试。",
      blocked: "无法从这里发起或继续会话，请用其他方式联系我们。",
      busy: "现在太忙，请稍后再试。",
      "mail-address": "这不是邮箱地址，应类似 name@example.com。",
      "transcript-no-mail": "本客服中心不发送邮件。",
      "transcript-nothing": "还没有可以发送的内容。",
      "transcript-too-many": "本次会话的记录已经发送过多次。",
      "rating-comment": "评价最多 {most} 个字。",
      "rating-not-yet": "会话结束后才能评价。",
      unknown: "这里暂时没有客服，请用其他方式联系我们。",
      "not-ended": "上一次请求还在处理，请稍后再试。",
      invalid: "未被接受，请检查后再试。",
    },
  },
  en: {
    open: "Chat with us",
    title: "Chat with us",
    close: "Close",
    name: "Your name (optional)",
    begin: "Start the chat",
    waiting: "We are connecting you; one moment, please.",
    place: (ahead, minutes) =>
      `${ahead ? `${ahead} before you` : "You are next"}${minutes ? `, about ${minutes} min` : ""}.`,
    speaking: (agent) => `You are speaking with ${agent}`,
    ended: "This conversation has ended. Write again to be connected once more.",
    again: "New chat",
    leave: "End the chat",
    closed: (opens) => (opens ? `We are closed now and back on ${opens}.` : "We are closed now."),
    full: "Many people are waiting; please try again a little later, or leave a message.",
    leaveMessage: "Leave a message",
    yourMessage: "Your question",
    kept: "We have your message and answer here.",
    placeholder: "Your message; Enter sends, Shift+Enter is a new line",
    send: "Send",
    sending: "sending",
    offline: "The connection is gone; we are trying again. Nothing you typed is lost.",
    notNow: "There is no connection just now; please try again.",
    you: "You",
    them: "Agent",
    failed: "Not sent: ",
    remove: "Remove",
    unread: (n) => (n === 1 ? "1 new message" : `${n} new messages`),
    typing: (name) => `${name} is typing…`,
    delivered: "Delivered",
    read: "Read",
    attach: "Send a file",
    emoji: "Emoji",
    file: "Download the file",
    image: (name) => `Picture: ${name}`,
    rate: "How was it?",
    stars: (n) => (n === 1 ? "1 star" : `${n} stars`),
    comment: "Anything to add? (optional)",
    sendRating: "Send the rating",
    thanks: "Thank you for your rating!",
    transcript: "Get this conversation by mail",
    address: "Your mail address",
    sendTranscript: "Send",
    transcriptStates: {
      waiting: "The mail is on its way.",
      sent: "The mail was sent.",
      failed: "The mail could not be sent; is the address right?",
    },
    tooLong: (most) => `A message has at most ${most} characters; send it in parts.`,
    tooLarge: (mib) => `A file has at most ${mib} MB.`,
    refused: {
      "too-many-conversations": "Too many conversations were begun from here. Please try again later.",
    },
  },
};

export function language(wanted: string | null): "zh" | "en" {
  return (wanted || navigator.language).toLowerCase().startsWith("zh") ? "zh" : "en";
}

/** A moment, as people of the visitor's region write it in this language; empty: nobody knows it. */
export function moment(at: string | null, tongue: string, how: Intl.DateTimeFormatOptions = { dateStyle: "medium", timeStyle: "short" }): string {
  const region = navigator.languages.find((one) => one.slice(0, 2).toLowerCase() === tongue.slice(0, 2));
  return at ? new Date(at).toLocaleString(region ?? tongue, how) : "";
}
