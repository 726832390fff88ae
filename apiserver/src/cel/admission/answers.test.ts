import { Answers } from './answers.ts'

const question = (verb: string) => ({ verb, resource: 'pods' })

test('a decision that asks nothing is made at once', () => {
  const answers = new Answers(() => Promise.reject(new Error('not asked')))
  expect(answers.decide(() => 5)).toBe(5)
})

test('each question is asked once, in turn, and the decision begins anew after each', async () => {
  const asked: string[] = []
  const answers = new Answers(({ verb }) => {
    asked.push(verb)
    return Promise.resolve({ allowed: verb === 'get', reason: verb })
  })
  let runs = 0
  const decide = () =>
    answers.decide((authorize) => {
      runs++
      return [authorize(question('get')), authorize(question('list')), authorize(question('get'))]
    })
  const [get, list] = [
    { allowed: true, reason: 'get' },
    { allowed: false, reason: 'list' },
  ]
  expect(await decide()).toEqual([get, list, get])
  expect([asked, runs]).toEqual([['get', 'list'], 3])
  // What is known needs no waiting.
  expect(decide()).toEqual([get, list, get])
})

test('what goes wrong in the decision is thrown; what goes wrong in the authorizer as well', async () => {
  const answers = new Answers(() => Promise.resolve({ allowed: true }))
  const failing = async () =>
    answers.decide((authorize) => {
      authorize(question('get'))
      throw new TypeError('broken')
    })
  await expect(failing()).rejects.toThrow('broken')
  const refusing = new Answers(() => Promise.reject(new Error('away')))
  const asking = async () => refusing.decide((authorize) => authorize(question('get')))
  await expect(asking()).rejects.toThrow('away')
})

test('questions are bounded', async () => {
  const answers = new Answers(() => Promise.resolve({ allowed: true }))
  const all = await answers.decide((authorize) =>
    Array.from({ length: 300 }, (_, i) => authorize(question(`v${i}`)).allowed),
  )
  expect([all[0], all[255], all[256], all[299]]).toEqual([true, true, false, false])
})
