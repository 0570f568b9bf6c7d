/**
 * The registered elements as a text table, one row per element, in the order of the documents that register them.
 *
 * ```text
 * row         := indentation ID kind name [marks] ['=' default]
 * indentation := two spaces per level; the parent is the nearest row above with one level less
 * ID          := the encoded Element ID in hex, its VINT marker included
 * marks       := '+' may contain itself (the `+` of an RFC 9559 path) · '?' may have an unknown size
 * ```
 *
 * A table and not objects, because the nesting is then as visible as in the documents and the text is read once, in well
 * under a millisecond. Names are those of RFC 9559; files and tools older than it use other names for the same IDs:
 * Timestamp was Timecode, TimestampScale was TimecodeScale, TrackTimestampScale was TrackTimecodeScale,
 * ReferenceTimestamp was ReferenceTimeCode, SegmentUUID, PrevUUID, NextUUID and ChapterSegmentUUID ended in UID,
 * LanguageBCP47 and its siblings ended in IETF, FileMediaType was FileMimeType, UncompressedFourCC was ColourSpace,
 * OldStereoMode was a second StereoMode.
 */
export const ELEMENT_TABLE: string = `
1A45DFA3 master EBML
  4286 uint EBMLVersion =1
  42F7 uint EBMLReadVersion =1
  42F2 uint EBMLMaxIDLength =4
  42F3 uint EBMLMaxSizeLength =8
  4282 string DocType
  4287 uint DocTypeVersion =1
  4285 uint DocTypeReadVersion =1
  4281 master DocTypeExtension
    4283 string DocTypeExtensionName
    4284 uint DocTypeExtensionVersion
18538067 master Segment ?
  114D9B74 master SeekHead
    4DBB master Seek
      53AB binary SeekID
      53AC uint SeekPosition
  1549A966 master Info
    73A4 binary SegmentUUID
    7384 utf8 SegmentFilename
    3CB923 binary PrevUUID
    3C83AB utf8 PrevFilename
    3EB923 binary NextUUID
    3E83BB utf8 NextFilename
    4444 binary SegmentFamily
    6924 master ChapterTranslate
      69A5 binary ChapterTranslateID
      69BF uint ChapterTranslateCodec
      69FC uint ChapterTranslateEditionUID
    2AD7B1 uint TimestampScale =1000000
    4489 float Duration
    4461 date DateUTC
    7BA9 utf8 Title
    4D80 utf8 MuxingApp
    5741 utf8 WritingApp
  1F43B675 master Cluster ?
    E7 uint Timestamp
    5854 master SilentTracks
      58D7 uint SilentTrackNumber
    A7 uint Position
    AB uint PrevSize
    A3 binary SimpleBlock
    A0 master BlockGroup
      A1 binary Block
      A2 binary BlockVirtual
      75A1 master BlockAdditions
        A6 master BlockMore
          A5 binary BlockAdditional
          EE uint BlockAddID =1
      9B uint BlockDuration
      FA uint ReferencePriority =0
      FB int ReferenceBlock
      FD int ReferenceVirtual
      A4 binary CodecState
      75A2 int DiscardPadding
      8E master Slices
        E8 master TimeSlice
          CC uint LaceNumber
          CD uint FrameNumber =0
          CB uint BlockAdditionID =0
          CE uint Delay =0
          CF uint SliceDuration =0
      C8 master ReferenceFrame
        C9 uint ReferenceOffset
        CA uint ReferenceTimestamp
    AF binary EncryptedBlock
  1654AE6B master Tracks
    AE master TrackEntry
      D7 uint TrackNumber
      73C5 uint TrackUID
      83 uint TrackType
      B9 uint FlagEnabled =1
      88 uint FlagDefault =1
      55AA uint FlagForced =0
      55AB uint FlagHearingImpaired
      55AC uint FlagVisualImpaired
      55AD uint FlagTextDescriptions
      55AE uint FlagOriginal
      55AF uint FlagCommentary
      9C uint FlagLacing =1
      6DE7 uint MinCache =0
      6DF8 uint MaxCache
      23E383 uint DefaultDuration
      234E7A uint DefaultDecodedFieldDuration
      23314F float TrackTimestampScale =1
      537F int TrackOffset =0
      55EE uint MaxBlockAdditionID =0
      41E4 master BlockAdditionMapping
        41F0 uint BlockAddIDValue
        41A4 string BlockAddIDName
        41E7 uint BlockAddIDType =0
        41ED binary BlockAddIDExtraData
      536E utf8 Name
      22B59C string Language =eng
      22B59D string LanguageBCP47
      86 string CodecID
      63A2 binary CodecPrivate
      258688 utf8 CodecName
      7446 uint AttachmentLink
      3A9697 utf8 CodecSettings
      3B4040 string CodecInfoURL
      26B240 string CodecDownloadURL
      AA uint CodecDecodeAll =1
      6FAB uint TrackOverlay
      56AA uint CodecDelay =0
      56BB uint SeekPreRoll =0
      6624 master TrackTranslate
        66A5 binary TrackTranslateTrackID
        66BF uint TrackTranslateCodec
        66FC uint TrackTranslateEditionUID
      E0 master Video
        9A uint FlagInterlaced =0
        9D uint FieldOrder =2
        53B8 uint StereoMode =0
        53C0 uint AlphaMode =0
        53B9 uint OldStereoMode
        B0 uint PixelWidth
        BA uint PixelHeight
        54AA uint PixelCropBottom =0
        54BB uint PixelCropTop =0
        54CC uint PixelCropLeft =0
        54DD uint PixelCropRight =0
        54B0 uint DisplayWidth
        54BA uint DisplayHeight
        54B2 uint DisplayUnit =0
        54B3 uint AspectRatioType =0
        2EB524 binary UncompressedFourCC
        2FB523 float GammaValue
        2383E3 float FrameRate
        55B0 master Colour
          55B1 uint MatrixCoefficients =2
          55B2 uint BitsPerChannel =0
          55B3 uint ChromaSubsamplingHorz
          55B4 uint ChromaSubsamplingVert
          55B5 uint CbSubsamplingHorz
          55B6 uint CbSubsamplingVert
          55B7 uint ChromaSitingHorz =0
          55B8 uint ChromaSitingVert =0
          55B9 uint Range =0
          55BA uint TransferCharacteristics =2
          55BB uint Primaries =2
          55BC uint MaxCLL
          55BD uint MaxFALL
          55D0 master MasteringMetadata
            55D1 float PrimaryRChromaticityX
            55D2 float PrimaryRChromaticityY
            55D3 float PrimaryGChromaticityX
            55D4 float PrimaryGChromaticityY
            55D5 float PrimaryBChromaticityX
            55D6 float PrimaryBChromaticityY
            55D7 float WhitePointChromaticityX
            55D8 float WhitePointChromaticityY
            55D9 float LuminanceMax
            55DA float LuminanceMin
        7670 master Projection
          7671 uint ProjectionType =0
          7672 binary ProjectionPrivate
          7673 float ProjectionPoseYaw =0
          7674 float ProjectionPosePitch =0
          7675 float ProjectionPoseRoll =0
      E1 master Audio
        B5 float SamplingFrequency =8000
        78B5 float OutputSamplingFrequency
        9F uint Channels =1
        7D7B binary ChannelPositions
        6264 uint BitDepth
        52F1 uint Emphasis =0
      E2 master TrackOperation
        E3 master TrackCombinePlanes
          E4 master TrackPlane
            E5 uint TrackPlaneUID
            E6 uint TrackPlaneType
        E9 master TrackJoinBlocks
          ED uint TrackJoinUID
      C0 uint TrickTrackUID
      C1 binary TrickTrackSegmentUID
      C6 uint TrickTrackFlag =0
      C7 uint TrickMasterTrackUID
      C4 binary TrickMasterTrackSegmentUID
      6D80 master ContentEncodings
        6240 master ContentEncoding
          5031 uint ContentEncodingOrder =0
          5032 uint ContentEncodingScope =1
          5033 uint ContentEncodingType =0
          5034 master ContentCompression
            4254 uint ContentCompAlgo =0
            4255 binary ContentCompSettings
          5035 master ContentEncryption
            47E1 uint ContentEncAlgo =0
            47E2 binary ContentEncKeyID
            47E7 master ContentEncAESSettings
              47E8 uint AESSettingsCipherMode
            47E3 binary ContentSignature
            47E4 binary ContentSigKeyID
            47E5 uint ContentSigAlgo =0
            47E6 uint ContentSigHashAlgo =0
  1C53BB6B master Cues
    BB master CuePoint
      B3 uint CueTime
      B7 master CueTrackPositions
        F7 uint CueTrack
        F1 uint CueClusterPosition
        F0 uint CueRelativePosition
        B2 uint CueDuration
        5378 uint CueBlockNumber
        EA uint CueCodecState =0
        DB master CueReference
          96 uint CueRefTime
          97 uint CueRefCluster
          535F uint CueRefNumber =1
          EB uint CueRefCodecState =0
  1941A469 master Attachments
    61A7 master AttachedFile
      467E utf8 FileDescription
      466E utf8 FileName
      4660 string FileMediaType
      465C binary FileData
      46AE uint FileUID
      4675 binary FileReferral
      4661 uint FileUsedStartTime
      4662 uint FileUsedEndTime
  1043A770 master Chapters
    45B9 master EditionEntry
      45BC uint EditionUID
      45BD uint EditionFlagHidden =0
      45DB uint EditionFlagDefault =0
      45DD uint EditionFlagOrdered =0
      4520 master EditionDisplay
        4521 utf8 EditionString
        45E4 string EditionLanguageIETF
      B6 master ChapterAtom +
        73C4 uint ChapterUID
        5654 utf8 ChapterStringUID
        91 uint ChapterTimeStart
        92 uint ChapterTimeEnd
        98 uint ChapterFlagHidden =0
        4598 uint ChapterFlagEnabled =1
        6E67 binary ChapterSegmentUUID
        4588 uint ChapterSkipType
        6EBC uint ChapterSegmentEditionUID
        63C3 uint ChapterPhysicalEquiv
        8F master ChapterTrack
          89 uint ChapterTrackUID
        80 master ChapterDisplay
          85 utf8 ChapString
          437C string ChapLanguage =eng
          437D string ChapLanguageBCP47
          437E string ChapCountry
        6944 master ChapProcess
          6955 uint ChapProcessCodecID =0
          450D binary ChapProcessPrivate
          6911 master ChapProcessCommand
            6922 uint ChapProcessTime
            6933 binary ChapProcessData
  1254C367 master Tags
    7373 master Tag
      63C0 master Targets
        68CA uint TargetTypeValue =50
        63CA string TargetType
        63C5 uint TagTrackUID =0
        63C9 uint TagEditionUID =0
        63C4 uint TagChapterUID =0
        63C6 uint TagAttachmentUID =0
      67C8 master SimpleTag +
        45A3 utf8 TagName
        447A string TagLanguage =und
        447B string TagLanguageBCP47
        4484 uint TagDefault =1
        44B4 uint TagDefaultBogus =1
        4487 utf8 TagString
        4485 binary TagBinary
`
