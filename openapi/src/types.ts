/**
 * The types of every kind, under the names that @kubernetes/client-node gives them, as plain JSON: times and
 * quantities are strings, bytes are base64. Made by `npm run generate`.
 */
export type * from './generated/types.ts'
