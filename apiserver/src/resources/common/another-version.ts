import type { FieldPath } from '@kapell/openapi/meta/field-errors'
import type { KubeObject } from '@kapell/openapi/meta/object'
import { apiVersionOf } from '@kapell/openapi/meta/object'
import type {
  AnyDefinition,
  Column,
  ResourceDefinition,
  StrategyContext,
  Subresource,
} from '../../registry/definition.ts'

/**
 * A kind in another version: its objects have the rules of the stored version and, where `forms` are given, a form of
 * their own. Source: "Kubernetes API Concepts", "API versioning": all versions show the same objects.
 */
export interface Forms {
  /** From the other version's form to the stored version's. Both make a new object. */
  toStored: (object: KubeObject) => KubeObject
  fromStored: (object: KubeObject) => KubeObject
}

type More = Partial<Pick<ResourceDefinition, 'deprecationWarning' | 'unselectable'>>

const sameForm: Forms = { toStored: (object) => ({ ...object }), fromStored: (object) => ({ ...object }) }

/** @throws when `of` is no stored resource: an error of the programmer. */
export function anotherVersion(
  of: AnyDefinition,
  version: string,
  { forms = sameForm, ...more }: More & { forms?: Forms } = {},
): AnyDefinition {
  if (of.type !== 'stored') throw new Error(`${of.definition.kind} is not stored`)
  const stored = of.definition
  const { group, plural } = stored
  const toStored = (object: KubeObject): KubeObject => ({ ...forms.toStored(object), apiVersion: apiVersionOf(stored) })
  const fromStored = (object: KubeObject): KubeObject => ({
    ...forms.fromStored(object),
    apiVersion: apiVersionOf({ group, version }),
  })
  const definition: ResourceDefinition = {
    ...stored,
    ...(forms === sameForm ? {} : inForm(stored, { toStored, fromStored })),
    ...more,
    version,
    conversion: { storedAs: { group, version: stored.version, plural }, toStored, fromStored },
  }
  return { type: 'stored', definition }
}

/** The rules of a definition for objects of another form. */
function inForm(stored: ResourceDefinition, { toStored, fromStored }: Forms): Partial<ResourceDefinition> {
  /** What changes the object is let change the stored form, which is then put in its place. */
  const change = (object: KubeObject, act: (converted: KubeObject) => void): void => {
    const converted = toStored(object)
    act(converted)
    for (const key of Object.keys(object)) delete (object as unknown as Record<string, unknown>)[key]
    Object.assign(object, fromStored(converted))
  }
  const { default: defaults, prepareForCreate, prepareForUpdate, validate, validateCreate, validateUpdate } = stored
  const { warnings, columns, selectableFields, subresources } = stored
  return {
    ...(defaults && { default: (o) => change(o, defaults) }),
    ...(prepareForCreate && { prepareForCreate: (o, context) => change(o, (c) => prepareForCreate(c, context)) }),
    ...(prepareForUpdate && {
      prepareForUpdate: (next, previous, context) =>
        change(next, (c) => prepareForUpdate(c, toStored(previous), context)),
    }),
    ...(validate && { validate: (o, at, context) => validate(toStored(o), at, context) }),
    ...(validateCreate && { validateCreate: (o, at, context) => validateCreate(toStored(o), at, context) }),
    ...(validateUpdate && {
      validateUpdate: (next: KubeObject, previous: KubeObject, at: FieldPath, context: StrategyContext) =>
        validateUpdate(toStored(next), toStored(previous), at, context),
    }),
    ...(warnings && { warnings: (o, previous) => warnings(toStored(o), previous && toStored(previous)) }),
    ...(columns && {
      columns: columns.map((one): Column<KubeObject> => ({ ...one, cell: (o, now) => one.cell(toStored(o), now) })),
    }),
    ...(selectableFields && {
      selectableFields: Object.fromEntries(
        Object.entries(selectableFields).map(([name, read]) => [name, (o: KubeObject) => read(toStored(o))]),
      ),
    }),
    ...(subresources && {
      subresources: Object.fromEntries(
        Object.entries(subresources).map(([name, sub]) => [name, viewInForm(sub, change, toStored)]),
      ),
    }),
  }
}

function viewInForm(
  sub: Subresource<KubeObject>,
  change: (object: KubeObject, act: (converted: KubeObject) => void) => void,
  toStored: Forms['toStored'],
): Subresource<KubeObject> {
  if (sub.type !== 'view') throw new Error(`a ${sub.type} of another form is not known`)
  const { prepareForUpdate, permit, validateUpdate } = sub
  return {
    ...sub,
    prepareForUpdate: (next, previous, context) =>
      change(next, (c) => prepareForUpdate(c, toStored(previous), context)),
    ...(permit && {
      permit: (next, previous, at, context) => permit(toStored(next), toStored(previous), at, context),
    }),
    ...(validateUpdate && {
      validateUpdate: (next, previous, at, context) => validateUpdate(toStored(next), toStored(previous), at, context),
    }),
  }
}
