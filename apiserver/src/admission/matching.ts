import type { AdmissionAttributes } from './admission.ts'

/** What a plug-in is about, in one line. */
export function about(attributes: AdmissionAttributes, group: string, plural: string, subresource = ''): boolean {
  return (
    attributes.resource.group === group &&
    attributes.resource.plural === plural &&
    attributes.subresource === subresource
  )
}

/** The resource as errors name it. */
export const named = (attributes: AdmissionAttributes): { group: string; plural: string } => ({
  group: attributes.resource.group,
  plural: attributes.resource.plural,
})

/** The object's name; '' while it is still to be generated. */
export const nameOf = (attributes: AdmissionAttributes): string =>
  attributes.name !== '' ? attributes.name : (attributes.object?.metadata?.name ?? '')

/** The object as refusals name it: by what its name will begin with, while it is still to be generated. */
export function refusedName(attributes: AdmissionAttributes): string {
  const { generateName = '' } = attributes.object?.metadata ?? {}
  return [nameOf(attributes), generateName].find((one) => one !== '') ?? 'Unknown'
}
