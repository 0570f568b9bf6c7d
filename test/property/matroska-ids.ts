// Element IDs as RFC 9559 §5.1 and RFC 8794 §11 print them; written down here again, not taken from src.

export const EBML = 0x1a45dfa3
export const EBML_VERSION = 0x4286
export const EBML_READ_VERSION = 0x42f7
export const EBML_MAX_ID_LENGTH = 0x42f2
export const EBML_MAX_SIZE_LENGTH = 0x42f3
export const DOC_TYPE = 0x4282
export const DOC_TYPE_VERSION = 0x4287
export const DOC_TYPE_READ_VERSION = 0x4285
export const DOC_TYPE_EXTENSION = 0x4281
export const DOC_TYPE_EXTENSION_NAME = 0x4283
export const CRC_32 = 0xbf
export const VOID = 0xec

export const SEGMENT = 0x18538067
export const SEEK_HEAD = 0x114d9b74
export const SEEK = 0x4dbb
export const SEEK_POSITION = 0x53ac

export const INFO = 0x1549a966
export const SEGMENT_UUID = 0x73a4
export const TIMESTAMP_SCALE = 0x2ad7b1
export const DURATION = 0x4489
export const DATE_UTC = 0x4461
export const TITLE = 0x7ba9
export const MUXING_APP = 0x4d80
export const WRITING_APP = 0x5741

export const CLUSTER = 0x1f43b675
export const TIMESTAMP = 0xe7
export const POSITION = 0xa7
export const PREV_SIZE = 0xab
export const SIMPLE_BLOCK = 0xa3
export const BLOCK_GROUP = 0xa0
export const BLOCK = 0xa1
export const BLOCK_ADDITIONS = 0x75a1
export const BLOCK_MORE = 0xa6
export const BLOCK_ADDITIONAL = 0xa5
export const BLOCK_ADD_ID = 0xee
export const BLOCK_DURATION = 0x9b
export const REFERENCE_PRIORITY = 0xfa
export const REFERENCE_BLOCK = 0xfb
export const CODEC_STATE = 0xa4
export const DISCARD_PADDING = 0x75a2

export const TRACKS = 0x1654ae6b
export const TRACK_ENTRY = 0xae
export const TRACK_NUMBER = 0xd7
export const TRACK_UID = 0x73c5
export const TRACK_TYPE = 0x83
export const FLAG_ENABLED = 0xb9
export const FLAG_DEFAULT = 0x88
export const FLAG_FORCED = 0x55aa
export const FLAG_LACING = 0x9c
export const DEFAULT_DURATION = 0x23e383
export const TRACK_TIMESTAMP_SCALE = 0x23314f
export const NAME = 0x536e
export const LANGUAGE = 0x22b59c
export const LANGUAGE_BCP47 = 0x22b59d
export const CODEC_ID = 0x86
export const CODEC_PRIVATE = 0x63a2
export const CODEC_NAME = 0x258688
export const CODEC_DELAY = 0x56aa
export const SEEK_PRE_ROLL = 0x56bb
export const VIDEO = 0xe0
export const FLAG_INTERLACED = 0x9a
export const STEREO_MODE = 0x53b8
export const ALPHA_MODE = 0x53c0
export const PIXEL_WIDTH = 0xb0
export const PIXEL_HEIGHT = 0xba
export const PIXEL_CROP_BOTTOM = 0x54aa
export const PIXEL_CROP_TOP = 0x54bb
export const PIXEL_CROP_LEFT = 0x54cc
export const PIXEL_CROP_RIGHT = 0x54dd
export const DISPLAY_WIDTH = 0x54b0
export const DISPLAY_HEIGHT = 0x54ba
export const DISPLAY_UNIT = 0x54b2
export const COLOUR = 0x55b0
export const MATRIX_COEFFICIENTS = 0x55b1
export const BITS_PER_CHANNEL = 0x55b2
export const RANGE = 0x55b9
export const TRANSFER_CHARACTERISTICS = 0x55ba
export const PRIMARIES = 0x55bb
export const AUDIO = 0xe1
export const SAMPLING_FREQUENCY = 0xb5
export const OUTPUT_SAMPLING_FREQUENCY = 0x78b5
export const CHANNELS = 0x9f
export const BIT_DEPTH = 0x6264
export const CONTENT_ENCODINGS = 0x6d80
export const CONTENT_ENCODING = 0x6240
export const CONTENT_ENCODING_ORDER = 0x5031
export const CONTENT_ENCODING_SCOPE = 0x5032
export const CONTENT_ENCODING_TYPE = 0x5033
export const CONTENT_COMPRESSION = 0x5034
export const CONTENT_COMP_ALGO = 0x4254
export const CONTENT_COMP_SETTINGS = 0x4255
export const CONTENT_ENCRYPTION = 0x5035
export const CONTENT_ENC_ALGO = 0x47e1
export const CONTENT_ENC_KEY_ID = 0x47e2

export const CUES = 0x1c53bb6b
export const CUE_POINT = 0xbb
export const CUE_TIME = 0xb3
export const ATTACHMENTS = 0x1941a469
export const ATTACHED_FILE = 0x61a7
export const FILE_DATA = 0x465c
export const CHAPTERS = 0x1043a770
export const EDITION_ENTRY = 0x45b9
export const CHAPTER_ATOM = 0xb6
export const CHAPTER_UID = 0x73c4

export const TAGS = 0x1254c367
export const TAG = 0x7373
export const TARGETS = 0x63c0
export const TARGET_TYPE_VALUE = 0x68ca
export const TARGET_TYPE = 0x63ca
export const TAG_TRACK_UID = 0x63c5
export const TAG_EDITION_UID = 0x63c9
export const TAG_CHAPTER_UID = 0x63c4
export const TAG_ATTACHMENT_UID = 0x63c6
export const SIMPLE_TAG = 0x67c8
export const TAG_NAME = 0x45a3
export const TAG_LANGUAGE = 0x447a
export const TAG_LANGUAGE_BCP47 = 0x447b
export const TAG_DEFAULT = 0x4484
export const TAG_STRING = 0x4487
export const TAG_BINARY = 0x4485

/** IDs of every width that no document registers. */
export const UNREGISTERED: readonly number[] = [
  0x81, 0x90, 0xc2, 0xf4, 0x4001, 0x5bcd, 0x7ffe, 0x200001, 0x345678, 0x3ffffe, 0x10000001,
  0x12345678, 0x1ffffffe,
]
