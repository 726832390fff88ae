import { readdir, stat } from 'node:fs/promises'
import { join, normalize } from 'node:path'
import type { NextFunction, Request, Response } from 'express'
import { HttpError } from './http-error.ts'

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&#34;')

/** /logs/: the machine's own logs, below one directory. Nothing outside of it is reached, whatever the path says. */
export function systemLogs(root: string): (request: Request, response: Response, next: NextFunction) => void {
  return (request, response, next) => {
    send(root, request, response).catch(next)
  }
}

async function send(root: string, request: Request, response: Response): Promise<void> {
  const path = normalize(`/${decoded(request.path)}`)
  if (path.includes('\0')) throw new HttpError(400, 'bad path')
  const found = await stat(join(root, path)).catch(() => undefined)
  if (found === undefined) throw new HttpError(404, '404 page not found')
  if (found.isDirectory()) return listing(join(root, path), response)
  await new Promise<void>((resolve, reject) => {
    response.sendFile(path.slice(1), { root, dotfiles: 'allow' }, (error?: Error) => {
      // Who left is not told anything.
      if (error === undefined || response.headersSent) resolve()
      else reject(new HttpError(404, '404 page not found'))
    })
  })
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    throw new HttpError(400, 'bad path')
  }
}

async function listing(dir: string, response: Response): Promise<void> {
  const entries = await readdir(dir, { withFileTypes: true })
  const names = entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name)).sort()
  const lines = names.map((name) => `<a href="${encodeURIComponent(name).replace(/%2F$/, '/')}">${escape(name)}</a>\n`)
  const head = '<!doctype html>\n<meta name="viewport" content="width=device-width">\n'
  response.type('text/html; charset=utf-8').send(`${head}<pre>\n${lines.join('')}</pre>\n`)
}
