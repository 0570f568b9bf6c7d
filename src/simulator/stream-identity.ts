/** How the service names streams (API reference of GetMedia: StreamName and StreamARN). */

/** The pattern of a StreamARN, as the service's own messages show it. */
export const STREAM_ARN_PATTERN =
  'arn:[a-z\\d-]+:kinesisvideo:[a-z0-9-]+:[0-9]+:[a-z]+/[a-zA-Z0-9_.-]+/[0-9]+'

const STREAM_NAME = /^[\w.-]{1,256}$/
const STREAM_ARN = new RegExp(`^${STREAM_ARN_PATTERN}$`)
const LONGEST_ARN = 1024

/** Whether a text can be a StreamName: 1 to 256 of `a-z A-Z 0-9 _ . -`. */
export function isStreamName(text: string): boolean {
  return STREAM_NAME.test(text)
}

/** Whether a text can be a StreamARN, of 1,024 characters at most. */
export function isStreamArn(text: string): boolean {
  return text.length <= LONGEST_ARN && STREAM_ARN.test(text)
}
