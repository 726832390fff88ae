import type { KubeObject } from '@kapell/openapi/meta/object'
import { column, type Column } from '../../registry/definition.ts'

/** An integer column counting a list. */
export const countColumn = <T extends KubeObject>(
  name: string,
  list: (object: T) => readonly unknown[] | undefined,
): Column<T> => column(name, 'integer', (o) => (list(o) ?? []).length)
