/** Equality of JSON values; an absent field and an undefined one are the same, and "__proto__" is a key as any other. */
export { equalJson as deepEqual } from '@kapell/openapi/patch/json'
