import { definitionNames } from '../facts/definition-names.ts'
import { optionalVersions } from '../facts/optional-versions.ts'
import { specialDefinitions, specialProperties } from '../facts/special-types.ts'
import { modelNames, refTo, type Definitions, type Schema } from './definition.ts'
import { namesIn } from './fact-tables.ts'
import { valueAlike } from './likeness.ts'
import type { Model, ModelReader } from './read-models.ts'

export interface BuiltDefinitions {
  definitions: Definitions
  /** The client's name of each definition, where it has a model: "V1Pod" -> "io.k8s.api.core.v1.Pod". */
  byModel: Map<string, string>
}

/** All definitions of the documents, from the client's models and our tables. Throws when they do not fit together. */
export function buildDefinitions(reader: ModelReader): BuiltDefinitions {
  const models = new Map<string, Model>()
  const byModel = new Map<string, string>()
  const names = [
    ...namesIn(definitionNames),
    ...namesIn(Object.fromEntries(optionalVersions.map((one) => [one.package, one.definitions]))),
  ]
  for (const name of names) {
    if (Object.hasOwn(specialDefinitions, name)) continue
    const model = modelNames(name)
      .map((candidate) => reader.model(candidate))
      .find((found) => found !== undefined)
    if (model === undefined) throw new Error(`the client has no model of ${name}`)
    models.set(name, model)
    byModel.set(model.name, name)
  }
  const definitions: Definitions = {}
  for (const name of names.sort()) {
    const special = specialDefinitions[name]
    const model = models.get(name)
    definitions[name] =
      special !== undefined
        ? {
            description: special.description,
            ...(special.type === undefined ? {} : { type: special.type }),
            ...(special.format === undefined ? {} : { format: special.format }),
          }
        : structOf(name, model, byModel)
  }
  return { definitions, byModel }
}

function structOf(name: string, model: Model | undefined, byModel: Map<string, string>): Schema {
  if (model === undefined) throw new Error(`no model for ${name}`)
  const properties: Record<string, Schema> = {}
  for (const { name: property, type, format, description } of model.properties) {
    properties[property] = {
      ...(description === '' ? {} : { description }),
      ...schemaOfType({ type, format, special: valueAlike(specialProperties, `${name}.${property}`), byModel }),
    }
  }
  const required = model.properties.filter((p) => !p.optional).map((p) => p.name)
  return {
    description: model.description,
    type: 'object',
    ...(model.properties.length === 0 ? {} : { properties }),
    ...(required.length === 0 ? {} : { required: required.sort() }),
  }
}

interface TypeText {
  type: string
  format: string
  special: string | undefined
  byModel: Map<string, string>
}

/** The client's way to write a type as a schema. */
function schemaOfType({ type, format, special, byModel }: TypeText): Schema {
  const list = /^(?:Array|Set)<(.*)>$/.exec(type)?.[1]
  if (list !== undefined) return { type: 'array', items: schemaOfType({ type: list, format, special, byModel }) }
  const map = /^\{ \[key: string\]: (.*); \}$/.exec(type)?.[1]
  if (map !== undefined) {
    return { type: 'object', additionalProperties: schemaOfType({ type: map, format, special, byModel }) }
  }
  if (special !== undefined) return { $ref: refTo(special) }
  switch (type) {
    case 'string':
      return { type: 'string', ...(format === '' ? {} : { format }) }
    case 'boolean':
      return { type: 'boolean' }
    case 'number':
      return format === 'double' ? { type: 'number', format } : { type: 'integer', format }
    case 'any':
      return { type: 'object' }
    case 'Date':
    case 'V1MicroTime':
      return { $ref: refTo(`io.k8s.apimachinery.pkg.apis.meta.v1.${type === 'Date' ? 'Time' : 'MicroTime'}`) }
    case 'IntOrString':
      return { $ref: refTo('io.k8s.apimachinery.pkg.util.intstr.IntOrString') }
    default: {
      const target = byModel.get(type)
      if (target === undefined) throw new Error(`unknown type ${type} in the client's models`)
      return { $ref: refTo(target) }
    }
  }
}
