(* Linear layers under margin losses: pairs of classes told apart by one number each, Z = U^T U with U = (I, -I), and single
   classes beside them, cost less than DNC: Garrod and Keating's Theorem 1, for every margin loss. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring zify.
From Dufm Require Import Model ModelLoss ModelLinear Norm Targets Structure Wider Balance Network.
From Dufm Require Import Centring MarginBound MarginDnc MarginSum MarginDepth LinearBound.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Pairs.
Variables (R : rcfType) (m w K L : nat).
Hypotheses (m0 : (0 < m)%N) (mw : (m <= w)%N) (L0 : (0 < L)%N) (K2 : (1 < K)%N).
Hypothesis cheap : (4 * m ^ L.+1 < (m + m).-1 ^ L.+1)%N.
Notation sq := (@sqnorm R _ _).

Let U : 'M[R]_(m, m + m) := row_mx 1%:M (- 1%:M).
Let sqU : sq U = (m + m)%:R.
Proof. by rewrite sq_row -scaleN1r sqZ sq1 sqrrN expr1n mul1r natrD. Qed.

Lemma pairs_win : structure_of (@linear_features R) Nc2 (m + m) K L w.
Proof.
exists (pid_mx m *m U), (fun=> pid_mx m), (U^T *m pid_mx m).
have feat l : linear_features (d := fun=> w) (fun=> pid_mx m) (pid_mx m *m U) l = pid_mx m *m U.
  by elim: l => //= l IH; rewrite /linear_features /= in IH *; rewrite IH mulmxA mul_pid_mx minnn (minn_idPr mw).
rewrite /= feat -mulmxA [pid_mx m *m (_ *m U)]mulmxA pid_pid // mul1mx.
have E : U^T *m U = block_mx 1%:M (- 1%:M) (- 1%:M) 1%:M.
  by rewrite tr_row_mx mul_col_row [(- 1%:M)^T]raddfN /= trmx1 !mulNmx !mulmxN !mul1mx opprK.
have diag k : (U^T *m U) k k = 1.
  by rewrite E; case: (split_ordP k) => k' ->; rewrite ?block_mxEul ?block_mxEdr mxE eqxx.
have off k j : j != k -> (U^T *m U) j k <= 0.
  rewrite E; case: (split_ordP k) => k' ->; case: (split_ordP j) => j' -> jk.
  - by rewrite block_mxEul mxE (_ : j' == k' = false) //; apply: contra_neqF jk => /eqP ->.
  - by rewrite block_mxEdl !mxE oppr_le0 ler0n.
  - by rewrite block_mxEur !mxE oppr_le0 ler0n.
  - by rewrite block_mxEdr mxE (_ : j' == k' = false) //; apply: contra_neqF jk => /eqP ->.
split=> [k j jk|_ k|]; rewrite ?diag ?ler_addl ?oppr_ge0 ?off //.
have K1p : 0 < K%:R - 1 :> R by rewrite subr_gt0 ltr1n.
have -> : K.-1%:R = K%:R - 1 :> R by rewrite -subn1 natrB // ltnW.
rewrite ltr_pmul2r // sq_pidl // sq_pidr // sq_tr sqU (eq_bigr (fun=> m%:R)) => [|l _]; last by rewrite sq_pid.
rewrite prodr_const card_ord.
apply: (@le_lt_trans _ _ ((m + m)%:R * m%:R ^+ L.-1 * (m + m)%:R)).
  apply: ler_wpmul2l; first by rewrite mulr_ge0 ?exprn_ge0 ?ler0n.
  by rewrite ler_subl_addr ler_addl mulr_ge0 ?sq_ge0 // invr_ge0 ler0n.
rewrite -!natrX -!natrM ltr_nat; apply: leq_ltn_trans cheap; rewrite -(prednK L0) /= !expnS.
by move: (m ^ L.-1)%N => p; nia.
Qed.
End Pairs.

Theorem linear_wins m K L w : (0 < m)%N -> (m <= w)%N -> (1 < m + m)%N -> (m + m <= K)%N -> (1 < L)%N ->
  (4 * m ^ L.+1 < (m + m).-1 ^ L.+1)%N -> linear_win K L (w + (K - (m + m))).
Proof.
move=> m0 mw m2 mK L2 ch R n d ell lam th ml n0 room lamp [alpha ap out].
have K2 : (1 < K)%N by apply: leq_trans mK.
have fit : K%:R^-1 * total ell alpha%:M <= mean_loss ell (outputs (@linear_features R) th).
  have -> : outputs (@linear_features R) th = alpha *: @centring R K *m Y R K n by exact: out.
  rewrite mean_lossY // ler_pmul2l ?invr_gt0 ?ltr0n ?(ltnW K2) //; apply: total_margins => // k j.
  by rewrite /centring !mxE; case: eqP => _; case: eqP => _; apply: eqW => /=; ring.
have bound : n%:R * ((each Nc2 K)%:R ^+ L * (K%:R - 1)) * alpha ^+ 2 <=
    sqnorm (H1 th) * \prod_(l < L.-1) sqnorm (hidden th l) * sqnorm (WL th) by apply: linear_pays.
have st := pairs_win R (w := w) m0 mw (ltnW L2) K2 ch.
have [th' h] := sum_below (linear_network R) m2 L2 mK st ml n0 room lamp ap fit bound.
by exists th'; move: h; rewrite /size !addrA.
Qed.

Lemma powers a b l k : (a <= b)%N -> (4 * a ^ k.+1 < b ^ k.+1)%N -> (4 * a ^ (l + k).+1 < b ^ (l + k).+1)%N.
Proof.
move=> ab h; elim: l => // l IH; rewrite addSn expnS [(b ^ _)%N]expnS mulnCA.
by apply: leq_ltn_trans (_ : (b * (4 * a ^ (l + k).+1) < _)%N); rewrite ?leq_mul2r ?ab ?orbT // ltn_pmul2l //; case: b ab h {IH} => // _; rewrite exp0n.
Qed.

Theorem linear_table K L :
  ((6 <= K)%N -> (2 <= L)%N -> linear_win K L K) /\ ((4 <= K)%N -> (3 <= L)%N -> linear_win K L K).
Proof.
have roomier w w' : (w <= w')%N -> linear_win K L w -> linear_win K L w'.
  by move=> ww h R n d ell lam th ml n0 room; apply: h => // l lL; apply: leq_trans ww (room l lL).
split=> hK hL.
  apply: (roomier (3 + (K - (3 + 3)))%N); first by lia.
  by apply: linear_wins => //; rewrite -(subnK hL); apply: powers.
apply: (roomier (2 + (K - (2 + 2)))%N); first by lia.
by apply: linear_wins; rewrite // ?(ltnW hL) // -(subnK hL); apply: powers.
Qed.
