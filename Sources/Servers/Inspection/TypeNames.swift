/// Names of PostgreSQL's own types as SQL writes them, for the arguments in a function's name.
///
/// Their OIDs never change: <https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat>.
enum TypeNames {
    static func append(_ oid: UInt32, _ names: NameMap, to out: inout [UInt8]) {
        if let name = builtIn[oid] {
            out.append(contentsOf: name.utf8)
        } else if let span = names.span(NameMap.key(.type, oid)) {
            out.append(contentsOf: names.arena[span].map { $0 == NameMap.dot ? UInt8(ascii: ".") : $0 })
        } else {
            out.append(contentsOf: "type ".utf8)
            out.append(digitsOf: oid)
        }
    }

    private static let builtIn: [UInt32: String] = {
        let names = """
            16 boolean,17 bytea,18 "char",19 name,20 bigint,21 smallint,23 integer,24 regproc,25 text,26 oid,114 json,142 xml,
            600 point,601 lseg,602 path,603 box,604 polygon,628 line,718 circle,650 cidr,700 real,701 double precision,
            790 money,829 macaddr,869 inet,774 macaddr8,1033 aclitem,1042 character,1043 character varying,1082 date,
            1083 time without time zone,1114 timestamp without time zone,1184 timestamp with time zone,1186 interval,
            1266 time with time zone,1560 bit,1562 bit varying,1700 numeric,1790 refcursor,2202 regprocedure,2205 regclass,
            2206 regtype,2249 record,2275 cstring,2276 "any",2277 anyarray,2278 void,2279 trigger,2281 internal,
            2283 anyelement,2776 anynonarray,2950 uuid,3220 pg_lsn,3500 anyenum,3614 tsvector,3615 tsquery,3734 regconfig,
            3802 jsonb,3831 anyrange,3838 event_trigger,3904 int4range,3906 numrange,3908 tsrange,3910 tstzrange,
            3912 daterange,3926 int8range,4072 jsonpath,4451 int4multirange,4536 int8multirange,5077 anycompatible,
            5078 anycompatiblearray,199 json[],1000 boolean[],1001 bytea[],1005 smallint[],1007 integer[],1009 text[],
            1014 character[],1015 character varying[],1016 bigint[],1021 real[],1022 double precision[],1028 oid[],
            1115 timestamp without time zone[],1182 date[],1185 timestamp with time zone[],1187 interval[],1231 numeric[],
            2951 uuid[],3807 jsonb[],1041 inet[],143 xml[],1003 name[],1183 time without time zone[]
            """
        return Dictionary(
            uniqueKeysWithValues: names.split(whereSeparator: { $0 == "," || $0 == "\n" }).compactMap { entry in
                let parts = entry.split(separator: " ", maxSplits: 1)
                return parts.count == 2 ? UInt32(parts[0]).map { ($0, String(parts[1])) } : nil
            }
        )
    }()
}
