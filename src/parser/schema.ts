import { ELEMENT_TABLE } from './elements.js'

/**
 * The value types of RFC 8794 §7. `uint`, `int`, `string` and `utf8` are the RFC's `uinteger`, `integer`, `string` and
 * `utf-8`.
 */
export type ElementKind =
  | 'master'
  | 'uint'
  | 'int'
  | 'float'
  | 'string'
  | 'utf8'
  | 'date'
  | 'binary'

/** One registered element. */
export interface ElementDefinition {
  /** The encoded Element ID, its VINT marker included, as it stands in the bytes: `0xa3`, `0x1a45dfa3`. */
  readonly id: number
  /** The name in RFC 8794 or RFC 9559; unique in {@link ELEMENTS}. */
  readonly name: string
  /** How the bytes of the value are to be read. */
  readonly kind: ElementKind
  /**
   * The ID of the only master element this one may stand in, {@link ROOT} for the two root elements, {@link GLOBAL} for
   * those legal everywhere. A recursive element may stand in itself as well.
   */
  readonly parentId: number
  /** The element may contain itself (a `+` in its RFC 9559 path): SimpleTag and ChapterAtom. */
  readonly isRecursive: boolean
  /** A size of all ones is legal (`unknownsizeallowed`, RFC 8794 §11.1.6.10): Segment and Cluster only. */
  readonly isUnknownSizeAllowed: boolean
  /**
   * What a length of 0 stands for (RFC 8794 §11.1.6.8); `undefined` when the RFC declares none, and the value is
   * then 0 or the empty string. Defaults that depend on other elements (DisplayWidth, OutputSamplingFrequency) are not
   * in the table.
   */
  readonly defaultValue: number | string | undefined
}

/** The {@link ElementDefinition.parentId} of the root elements, EBML and Segment: they stand in no other element. */
export const ROOT: 0 = 0

/** The {@link ElementDefinition.parentId} of Void and CRC-32, which may stand in any master element (RFC 8794 §11.3). */
export const GLOBAL: -1 = -1

const ROW = /^( *)([0-9A-F]+) ([a-z0-9]+) (\w+)(?: ([+?]))?(?: =(\w+))?$/

function readTable(table: string): ElementDefinition[] {
  const definitions: ElementDefinition[] = []
  // The ID that opened each level above the row being read.
  const ancestorIds: number[] = []
  for (const row of table.split('\n')) {
    const match = ROW.exec(row)
    if (match === null) continue
    const [, indentation = '', hexId = '', kind = '', name = '', mark, defaultText] = match
    const level = indentation.length / 2
    const id = Number.parseInt(hexId, 16)
    const isText = kind === 'string' || kind === 'utf8'
    definitions.push({
      id,
      name,
      kind: kind as ElementKind,
      parentId: level === 0 ? ROOT : (ancestorIds[level - 1] ?? ROOT),
      isRecursive: mark === '+',
      isUnknownSizeAllowed: mark === '?',
      defaultValue: defaultText === undefined || isText ? defaultText : Number(defaultText),
    })
    ancestorIds[level] = id
  }
  return definitions
}

function globalElement(id: number, name: string): ElementDefinition {
  return {
    id,
    name,
    kind: 'binary',
    parentId: GLOBAL,
    isRecursive: false,
    isUnknownSizeAllowed: false,
    defaultValue: undefined,
  }
}

/**
 * Every element of the EBML header (RFC 8794 §11.2), the two global ones (RFC 8794 §11.3) and every Matroska element of
 * RFC 9559 §5.1 and Appendix A: the historic ones too, because real files contain them and an element that is known is
 * never mistaken for damage. Beside the RFC, for the same reason, the elements that the schema of the Matroska working
 * group keeps for other documents: EditionFlagHidden, EditionDisplay, ChapterFlagEnabled, ChapterTrack, ChapterSkipType.
 */
export const ELEMENTS: readonly ElementDefinition[] = [
  ...readTable(ELEMENT_TABLE),
  globalElement(0xec, 'Void'),
  globalElement(0xbf, 'CRC-32'),
]

const ELEMENTS_BY_ID: ReadonlyMap<number, ElementDefinition> = new Map(
  ELEMENTS.map((definition) => [definition.id, definition]),
)

/**
 * Finds an element by its encoded ID, marker included. `undefined` for an ID that is not registered: a reader skips such
 * an element by its size, and it never ends an element of unknown size (RFC 8794 §6.2).
 */
export function findElement(id: number): ElementDefinition | undefined {
  return ELEMENTS_BY_ID.get(id)
}

/** Whether an element holds a text, of whatever length; other values have at most eight bytes. */
export function isTextElement(id: number): boolean {
  const kind = findElement(id)?.kind
  return kind === 'string' || kind === 'utf8'
}

/** The IDs that code refers to by name, under the names of the RFCs (`CRC32` for CRC-32). */
export const ID = {
  EBML: 0x1a45dfa3,
  EBMLVersion: 0x4286,
  EBMLReadVersion: 0x42f7,
  EBMLMaxIDLength: 0x42f2,
  EBMLMaxSizeLength: 0x42f3,
  DocType: 0x4282,
  DocTypeVersion: 0x4287,
  DocTypeReadVersion: 0x4285,
  DocTypeExtension: 0x4281,
  DocTypeExtensionName: 0x4283,
  DocTypeExtensionVersion: 0x4284,
  Segment: 0x18538067,
  SeekHead: 0x114d9b74,
  Info: 0x1549a966,
  SegmentUUID: 0x73a4,
  SegmentFilename: 0x7384,
  TimestampScale: 0x2ad7b1,
  Duration: 0x4489,
  DateUTC: 0x4461,
  Title: 0x7ba9,
  MuxingApp: 0x4d80,
  WritingApp: 0x5741,
  Cluster: 0x1f43b675,
  Timestamp: 0xe7,
  Position: 0xa7,
  PrevSize: 0xab,
  SimpleBlock: 0xa3,
  BlockGroup: 0xa0,
  Block: 0xa1,
  BlockAdditions: 0x75a1,
  BlockMore: 0xa6,
  BlockAdditional: 0xa5,
  BlockAddID: 0xee,
  BlockDuration: 0x9b,
  ReferencePriority: 0xfa,
  ReferenceBlock: 0xfb,
  CodecState: 0xa4,
  DiscardPadding: 0x75a2,
  Tracks: 0x1654ae6b,
  TrackEntry: 0xae,
  TrackNumber: 0xd7,
  TrackUID: 0x73c5,
  TrackType: 0x83,
  FlagEnabled: 0xb9,
  FlagDefault: 0x88,
  FlagForced: 0x55aa,
  FlagHearingImpaired: 0x55ab,
  FlagVisualImpaired: 0x55ac,
  FlagTextDescriptions: 0x55ad,
  FlagOriginal: 0x55ae,
  FlagCommentary: 0x55af,
  FlagLacing: 0x9c,
  MinCache: 0x6de7,
  MaxCache: 0x6df8,
  DefaultDuration: 0x23e383,
  DefaultDecodedFieldDuration: 0x234e7a,
  TrackTimestampScale: 0x23314f,
  TrackOffset: 0x537f,
  MaxBlockAdditionID: 0x55ee,
  BlockAdditionMapping: 0x41e4,
  BlockAddIDValue: 0x41f0,
  BlockAddIDName: 0x41a4,
  BlockAddIDType: 0x41e7,
  BlockAddIDExtraData: 0x41ed,
  Name: 0x536e,
  Language: 0x22b59c,
  LanguageBCP47: 0x22b59d,
  CodecID: 0x86,
  CodecPrivate: 0x63a2,
  CodecName: 0x258688,
  AttachmentLink: 0x7446,
  CodecSettings: 0x3a9697,
  CodecInfoURL: 0x3b4040,
  CodecDownloadURL: 0x26b240,
  CodecDecodeAll: 0xaa,
  TrackOverlay: 0x6fab,
  CodecDelay: 0x56aa,
  SeekPreRoll: 0x56bb,
  TrackTranslate: 0x6624,
  TrackTranslateTrackID: 0x66a5,
  TrackTranslateCodec: 0x66bf,
  TrackTranslateEditionUID: 0x66fc,
  Video: 0xe0,
  FlagInterlaced: 0x9a,
  FieldOrder: 0x9d,
  StereoMode: 0x53b8,
  AlphaMode: 0x53c0,
  OldStereoMode: 0x53b9,
  PixelWidth: 0xb0,
  PixelHeight: 0xba,
  PixelCropBottom: 0x54aa,
  PixelCropTop: 0x54bb,
  PixelCropLeft: 0x54cc,
  PixelCropRight: 0x54dd,
  DisplayWidth: 0x54b0,
  DisplayHeight: 0x54ba,
  DisplayUnit: 0x54b2,
  AspectRatioType: 0x54b3,
  UncompressedFourCC: 0x2eb524,
  GammaValue: 0x2fb523,
  FrameRate: 0x2383e3,
  Colour: 0x55b0,
  MatrixCoefficients: 0x55b1,
  BitsPerChannel: 0x55b2,
  ChromaSubsamplingHorz: 0x55b3,
  ChromaSubsamplingVert: 0x55b4,
  CbSubsamplingHorz: 0x55b5,
  CbSubsamplingVert: 0x55b6,
  ChromaSitingHorz: 0x55b7,
  ChromaSitingVert: 0x55b8,
  Range: 0x55b9,
  TransferCharacteristics: 0x55ba,
  Primaries: 0x55bb,
  MaxCLL: 0x55bc,
  MaxFALL: 0x55bd,
  MasteringMetadata: 0x55d0,
  PrimaryRChromaticityX: 0x55d1,
  PrimaryRChromaticityY: 0x55d2,
  PrimaryGChromaticityX: 0x55d3,
  PrimaryGChromaticityY: 0x55d4,
  PrimaryBChromaticityX: 0x55d5,
  PrimaryBChromaticityY: 0x55d6,
  WhitePointChromaticityX: 0x55d7,
  WhitePointChromaticityY: 0x55d8,
  LuminanceMax: 0x55d9,
  LuminanceMin: 0x55da,
  Projection: 0x7670,
  ProjectionType: 0x7671,
  ProjectionPrivate: 0x7672,
  ProjectionPoseYaw: 0x7673,
  ProjectionPosePitch: 0x7674,
  ProjectionPoseRoll: 0x7675,
  Audio: 0xe1,
  SamplingFrequency: 0xb5,
  OutputSamplingFrequency: 0x78b5,
  Channels: 0x9f,
  ChannelPositions: 0x7d7b,
  BitDepth: 0x6264,
  Emphasis: 0x52f1,
  TrackOperation: 0xe2,
  TrackCombinePlanes: 0xe3,
  TrackPlane: 0xe4,
  TrackPlaneUID: 0xe5,
  TrackPlaneType: 0xe6,
  TrackJoinBlocks: 0xe9,
  TrackJoinUID: 0xed,
  TrickTrackUID: 0xc0,
  TrickTrackSegmentUID: 0xc1,
  TrickTrackFlag: 0xc6,
  TrickMasterTrackUID: 0xc7,
  TrickMasterTrackSegmentUID: 0xc4,
  ContentEncodings: 0x6d80,
  ContentEncoding: 0x6240,
  ContentEncodingOrder: 0x5031,
  ContentEncodingScope: 0x5032,
  ContentEncodingType: 0x5033,
  ContentCompression: 0x5034,
  ContentCompAlgo: 0x4254,
  ContentCompSettings: 0x4255,
  ContentEncryption: 0x5035,
  ContentEncAlgo: 0x47e1,
  ContentEncKeyID: 0x47e2,
  ContentEncAESSettings: 0x47e7,
  AESSettingsCipherMode: 0x47e8,
  ContentSignature: 0x47e3,
  ContentSigKeyID: 0x47e4,
  ContentSigAlgo: 0x47e5,
  ContentSigHashAlgo: 0x47e6,
  Cues: 0x1c53bb6b,
  Attachments: 0x1941a469,
  Chapters: 0x1043a770,
  Tags: 0x1254c367,
  Tag: 0x7373,
  Targets: 0x63c0,
  TargetTypeValue: 0x68ca,
  TargetType: 0x63ca,
  TagTrackUID: 0x63c5,
  TagEditionUID: 0x63c9,
  TagChapterUID: 0x63c4,
  TagAttachmentUID: 0x63c6,
  SimpleTag: 0x67c8,
  TagName: 0x45a3,
  TagLanguage: 0x447a,
  TagLanguageBCP47: 0x447b,
  TagDefault: 0x4484,
  TagDefaultBogus: 0x44b4,
  TagString: 0x4487,
  TagBinary: 0x4485,
  Void: 0xec,
  CRC32: 0xbf,
} as const
