"""Which of the switch's modules are loaded: what is used, and what that needs."""

from __future__ import annotations

# In the order of loading; each line is one concern.
MODULES: tuple[str, ...] = (
    "res_timing_timerfd", "res_sorcery_config", "res_sorcery_memory", "res_sorcery_astdb",
    "res_crypto", "res_curl", "res_http_websocket", "res_websocket_client", "res_pjproject",
    "pbx_config", "func_callerid", "func_channel", "func_logic", "func_strings",
    "res_rtp_asterisk", "res_srtp",
    "codec_ulaw", "codec_alaw", "codec_g722", "codec_resample", "codec_opus_open_source",
    "res_format_attr_opus", "format_wav", "format_pcm", "format_sln",
    "bridge_simple", "bridge_softmix", "bridge_native_rtp", "bridge_holding",
    "bridge_builtin_features", "chan_bridge_media",
    "res_musiconhold", "app_playback", "app_queue", "app_stasis", "app_echo",
    "res_stasis", "res_stasis_answer", "res_stasis_playback", "res_stasis_recording",
    "res_stasis_snoop", "res_stasis_device_state",
    "res_ari_model", "res_ari", "res_ari_applications", "res_ari_asterisk", "res_ari_bridges",
    "res_ari_channels", "res_ari_device_states", "res_ari_endpoints", "res_ari_events",
    "res_ari_playbacks", "res_ari_recordings", "res_ari_sounds",
    "res_pjsip", "res_pjsip_session", "res_pjsip_pubsub", "res_pjsip_sdp_rtp",
    "res_pjsip_authenticator_digest", "res_pjsip_outbound_authenticator_digest",
    "res_pjsip_outbound_registration",
    "res_pjsip_endpoint_identifier_ip", "res_pjsip_endpoint_identifier_user",
    "res_pjsip_caller_id", "res_pjsip_nat", "res_pjsip_registrar", "res_pjsip_rfc3326",
    "res_pjsip_dtmf_info", "res_pjsip_header_funcs", "res_pjsip_acl",
    "res_pjsip_transport_websocket", "chan_pjsip",
)  # fmt: skip


def loads() -> str:
    """The lines for ``modules.conf``."""
    return "\n".join(f"load = {name}.so" for name in MODULES)
