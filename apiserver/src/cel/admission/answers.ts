/**
 * Expressions cannot wait, authorizers must be waited for. So a decision that asks something new is abandoned, the
 * question is answered, and the decision is made again from its beginning: it is pure, and its cost limit bounds how
 * often that can happen.
 */
import type { AuthorizationAnswer, AuthorizationQuestion, Authorize } from '../kubernetes/authorizer.ts'

class Unanswered extends Error {
  readonly question: AuthorizationQuestion
  constructor(question: AuthorizationQuestion) {
    super('not answered yet')
    this.question = question
  }
}

/** More than the cost limits of one request's policies let through, for a policy; what is beyond is not asked. */
const maxQuestions = 256

/** The answers that were given for one request; none is asked for twice. */
export class Answers {
  readonly #ask: (question: AuthorizationQuestion) => Promise<AuthorizationAnswer>
  readonly #known = new Map<string, AuthorizationAnswer>()

  constructor(ask: (question: AuthorizationQuestion) => Promise<AuthorizationAnswer>) {
    this.#ask = ask
  }

  /** What `decide` returns or throws once it asks nothing new; at once when it asks nothing. */
  decide<T>(decide: (authorize: Authorize) => T): T | Promise<T> {
    try {
      return decide(this.#authorize)
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error
      return this.#decideAgain(decide, error.question)
    }
  }

  async #decideAgain<T>(decide: (authorize: Authorize) => T, first: AuthorizationQuestion): Promise<T> {
    for (let question = first; ;) {
      this.#known.set(JSON.stringify(question), await this.#ask(question))
      try {
        return decide(this.#authorize)
      } catch (error) {
        if (!(error instanceof Unanswered)) throw error
        question = error.question
      }
    }
  }

  readonly #authorize: Authorize = (question) => {
    const known = this.#known.get(JSON.stringify(question))
    if (known) return known
    if (this.#known.size >= maxQuestions) return { allowed: false, error: 'too many questions to the authorizer' }
    throw new Unanswered(question)
  }
}
