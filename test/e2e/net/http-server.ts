import { createServer } from 'node:http'

/** Answers every request with its own name and the address it sees as the client's. */
const [name = '', port = '8080'] = process.argv.slice(2)
createServer((request, response) => {
  response.setHeader('Connection', 'close')
  response.end(`${name} ${request.socket.remoteAddress ?? ''}`)
}).listen(Number(port), '0.0.0.0', () => process.stdout.write('up\n'))
