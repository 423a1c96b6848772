// A bare relay on Node's socket.io: what is said goes to the other's room, and nothing is kept.
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer((_request, answer) => answer.end("ok"));
const io = new Server(http, { transports: ["websocket"], perMessageDeflate: false, serveClient: false });
io.on("connection", (socket) => {
  socket.join(socket.handshake.auth.room);
  socket.on("say", (message, acknowledge) => {
    io.to(message.to).emit("said", message);
    acknowledge(message.key);
  });
});
http.listen(Number(process.argv[2]), "127.0.0.1");
